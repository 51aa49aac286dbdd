"""Metrics of a script's own: `Counter`, `Gauge`, `Rate`, `Trend`. Declared where the script is loaded, fed by users."""

import math
import re
from collections.abc import Mapping

from surgeline.engine.scope import scope_here
from surgeline.errors import OptionError
from surgeline.metrics.names import BUILTIN, Metric, MetricType
from surgeline.script.collection import collecting
from surgeline.script.explained import explained

_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
_CONTAINS = {"ms": "time", "B": "data"}
_MOST = 1e12
Tags = Mapping[str, str] | None


class _CustomMetric:
    """A metric by its name. The same name with the same type and unit is the same metric."""

    _type: MetricType

    @explained("metric")
    def __init__(self, name: str, *, unit: str = "") -> None:
        """`unit` is shown after values. `ms` makes it a time, `B` an amount of data, shown in the unit that fits.

        Raises OptionError for a name that is no name, is built in, or stands for another metric already.
        """
        if not isinstance(name, str) or not re.fullmatch(_NAME, name):
            raise OptionError(f"metric: expected a name of letters, digits and _ (at most 128), found {name!r}")
        if name in BUILTIN:
            raise OptionError(f"metric: expected a name of its own, found {name!r}, which is built in")
        contains = _CONTAINS.get(unit, "default")
        self._metric = Metric(name, self._type, contains, unit if contains == "default" else "")
        collection = collecting.get()
        if collection is not None and collection.metrics.setdefault(name, self._metric) != self._metric:
            before = collection.metrics[name]
            raise OptionError(f"metric {name!r}: expected one type and unit, found it as a {before.type.value} before")

    @property
    def name(self) -> str:
        """What thresholds call it."""
        return self._metric.name


class Counter(_CustomMetric):
    """A sum, and how much that is in a second."""

    _type = MetricType.COUNTER

    def add(self, amount: float = 1, tags: Tags = None) -> None:
        """Add an amount. Raises ValueError for one that is negative or no number."""
        scope_here("Counter.add()").cell(self._metric, tags).add(_number(amount, self.name))


class Gauge(_CustomMetric):
    """The last value, and the extremes."""

    _type = MetricType.GAUGE

    def add(self, value: float, tags: Tags = None) -> None:
        """Set the value. Raises ValueError for one that is no number."""
        scope_here("Gauge.add()").cell(self._metric, tags).set(_number(value, self.name, least=-math.inf))


class Rate(_CustomMetric):
    """The share of samples that are true."""

    _type = MetricType.RATE

    def add(self, passed: bool, tags: Tags = None) -> None:
        """Count a sample as true or false."""
        scope_here("Rate.add()").cell(self._metric, tags).add(bool(passed))


class Trend(_CustomMetric):
    """A distribution: percentiles of at most 0.05 % error, and the exact average, minimum and maximum.

    Values are kept to a millionth of the unit, those in bytes as whole numbers.
    """

    _type = MetricType.TREND

    def add(self, value: float, tags: Tags = None) -> None:
        """Record a value. Raises ValueError for one that is negative, above 10^12, or no number."""
        scaled = round(_number(value, self.name, most=_MOST) * self._metric.scale)
        scope_here("Trend.add()").cell(self._metric, tags).record(scaled)


def _number(value: float, name: str, least: float = 0, most: float = math.inf) -> float:
    if isinstance(value, int | float) and least <= value <= most and math.isfinite(value):
        return value
    bounds = (
        "a finite number" if least else "a number from 0 up" if most == math.inf else f"a number from 0 to {most:g}"
    )
    raise ValueError(f"{name}: expected {bounds}, found {value!r}")
