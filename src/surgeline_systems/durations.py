"""Durations that load scripts are told by their values. It must not know any script."""

from surgeline import SurgelineError, constant


def seconds_of(name: str, duration: str) -> float:
    """A duration such as `5m` in seconds; `name` is the value that it was given by. Raises: SurgelineError."""
    try:
        return constant(duration).seconds
    except SurgelineError as error:
        raise SurgelineError(f"{name}: expected a duration such as 90s or 5m, found {duration!r}") from error
