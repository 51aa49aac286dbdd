"""What a run came to, as a script's own summary is given it: `@summary`. Must not know how a summary is shown."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from surgeline.engine.iteration_errors import script_traceback
from surgeline.errors import OptionError, SetupError
from surgeline.judge.grammar import parse_selector
from surgeline.result import RunResult


class Results:
    """The verdict and the figures of a run that has ended."""

    def __init__(self, result: RunResult) -> None:
        self._result = result

    @property
    def verdict(self) -> str:
        """As the exit code says it: `passed`, `failed`, `inconclusive`, or `not judged`."""
        return self._result.verdict.outcome.value

    @property
    def seconds(self) -> float:
        """From the first scenario's start to the end of the last iteration."""
        return self._result.seconds

    def value(self, selector: str, statistic: str) -> float | None:
        """Return a statistic of a metric, or of its samples with some tags: `"http_req_duration{name:home}", "p(99)"`.

        Times are milliseconds. None where there are no samples. Raises OptionError for a statistic that it has not,
        ThresholdError for a selector that cannot be read.
        """
        parsed = parse_selector(selector)
        value = self._result.metrics.value(parsed.metric, dict(parsed.tags))
        try:
            return None if value is None else value.stat(statistic)
        except KeyError:
            raise OptionError(f"value: expected a statistic that {selector} has, found {statistic!r}") from None


def with_own_summary(result: RunResult, summary: Callable[..., Any]) -> RunResult:
    """Return the result with what the script says to it.

    Raises SetupError where it raises, returns no text, or is broken off by a signal.
    """
    try:
        text = summary(Results(result))
    except BaseException as error:  # `abort`, `sys.exit` and Ctrl-C too: the load is over, and its result is there
        raise SetupError(f"@summary raised.\n{script_traceback(error)}") from None
    if not isinstance(text, str):
        raise SetupError(f"@summary: expected a text, found {text!r}")
    return replace(result, own_summary=str(text))  # a subclass could not be stored
