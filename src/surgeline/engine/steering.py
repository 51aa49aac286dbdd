"""What can be seen and changed of a run while it goes on, whoever asks: the control server, the keyboard."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surgeline.engine.executors.externally_controlled import Control, Kind
from surgeline.engine.load import Load
from surgeline.errors import OptionError


@dataclass(frozen=True, slots=True)
class Target:
    """What a scenario is set to: `value` users or starts per second, from 0 to `most`."""

    kind: Kind
    value: int
    most: int


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody asks for. Without a scenario's name it is the only one of that kind, or, to stop, the run."""

    scenario: str | None = None
    vus: int | None = None
    rate: int | None = None
    stopped: bool = False

    @property
    def kind(self) -> Kind:
        """What it changes, unless it stops something."""
        return "vus" if self.vus is not None else "rate"


class Steering:
    """A load as those see it who steer it. For the loop's thread."""

    def __init__(self, load: Load) -> None:
        self._load = load

    def status(self) -> dict[str, Any]:
        """Return how the run stands, for JSON."""
        runs = self._load.runs
        return {
            "elapsed": round(self._load.elapsed_seconds, 3),
            "stopped": self._load.context.stopping.is_set(),
            "vus": sum(run.active for run in runs),
            "iterations": sum(run.started for run in runs),
            "dropped": sum(run.dropped for run in runs),
            "scenarios": {
                run.name: {
                    "vus": run.active,
                    "iterations": run.started,
                    "dropped": run.dropped,
                    "control": self._control_of(run.name),
                }
                for run in runs
            },
        }

    def targets(self) -> Mapping[str, Target]:
        """Return what can be changed now, by the scenario's name."""
        return {name: Target(one.kind, one.value, one.most) for name, one in self._controls.items()}

    def change(self, change: Change) -> None:
        """Change it. Raises OptionError for what cannot be, and then changes nothing."""
        if change.stopped and change.scenario is None:
            self._load.context.stop()
            return
        control = self._find(change)
        if change.stopped:
            control.stop()
        elif change.vus is not None:
            control.vus = change.vus
        elif change.rate is not None:
            control.rate = change.rate

    @property
    def _controls(self) -> dict[str, Control]:
        return self._load.context.controls

    def _control_of(self, name: str) -> dict[str, int] | None:
        control = self._controls.get(name)
        return None if control is None else {control.kind: control.value}

    def _find(self, change: Change) -> Control:
        controls, name = self._controls, change.scenario
        if not controls:
            raise OptionError("expected a scenario that is externally_controlled and under way, found none")
        if name is None:
            return _the_only_one({n: one for n, one in controls.items() if one.kind == change.kind} or controls)
        if name not in controls:
            raise OptionError(f"scenario: expected one of {', '.join(controls)}, found {name!r}")
        return controls[name]


def _the_only_one(controls: Mapping[str, Control]) -> Control:
    if len(controls) > 1:
        raise OptionError(f"scenario: expected one of {', '.join(controls)}, found none given")
    return next(iter(controls.values()))


_FORM = '{"vus": 10}, {"rate": 100} or {"stopped": true}, with "scenario" where there are several'


def parse_change(value: object) -> Change:
    """Return what a JSON document asks for. Raises OptionError, showing the form, when it is none."""
    if not isinstance(value, dict):
        raise OptionError(f"expected {_FORM}, found {value!r}")
    unknown = [key for key in value if key not in ("scenario", "vus", "rate", "stopped")]
    asked = [key for key in ("vus", "rate", "stopped") if key in value]
    if unknown or len(asked) != 1:
        raise OptionError(f"expected {_FORM}, found {', '.join(unknown or asked) or 'neither'}")
    scenario, stopped = value.get("scenario"), value.get("stopped", False)
    if scenario is not None and not isinstance(scenario, str):
        raise OptionError(f"scenario: expected a name, found {scenario!r}")
    if "stopped" in value and stopped is not True:
        raise OptionError(f"stopped: expected true, found {stopped!r}: what is stopped does not start again")
    for key in ("vus", "rate"):
        if key in value and (isinstance(value[key], bool) or not isinstance(value[key], int)):
            raise OptionError(f"{key}: expected a whole number, found {value[key]!r}")
    return Change(scenario, value.get("vus"), value.get("rate"), stopped)
