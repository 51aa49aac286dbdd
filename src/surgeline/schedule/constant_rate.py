"""The constant arrival rate: the k-th intended start, from k alone. Pure; integers in, integers out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConstantRate:
    """Starts at `rate` for each `unit_ns`, the first at 0, none at or after `duration_ns`.

    The k-th start is k · unit / rate, rounded down to a nanosecond: computed from k and never from a rounded period,
    so no error adds up however long the run is.
    """

    rate: int
    unit_ns: int
    duration_ns: int

    @property
    def total(self) -> int:
        """How many starts there are: those whose time is before the duration's end."""
        return -(-self.duration_ns * self.rate // self.unit_ns)

    def start_ns(self, k: int) -> int:
        """Return when start `k`, counted from 0, is intended, in nanoseconds from the scenario's start."""
        return k * self.unit_ns // self.rate
