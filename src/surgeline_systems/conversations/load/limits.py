"""What must hold in a scenario, and at which endpoint.

Every selector names its scenario: what does not run is not judged, and a spike may do what a usual day may not. And it
names only endpoints that every run of the scenario asks: without samples there is no verdict.
"""

from collections.abc import Mapping, Sequence

# The 95th percentile, in milliseconds.
P95_MS = {"message": 2_000, "reply": 2_000, "conversations": 1_000, "conversation": 1_000, "analytics": 1_000}
OF_A_VISIT = ("message", "conversations", "conversation", "analytics")
OF_A_TALK = ("reply", "conversations", "conversation")

Conditions = Mapping[str, Sequence[str]]


def usual_day(scenario: str, endpoints: Sequence[str]) -> Conditions:
    """All is quick, and hardly anything fails."""
    return {
        _of("http_req_failed", scenario): ["rate<0.01"],
        _of("http_req_duration", scenario): ["p(95)<500", "p(99)<1000"],
        _of("checks", scenario): ["rate>0.99"],
        **{_of("http_req_duration", scenario, one): [f"p(95)<{P95_MS[one]}"] for one in endpoints},
    }


def rush(scenario: str, endpoints: Sequence[str]) -> Conditions:
    """Requests may wait, but not for too long; no endpoint fails much, so none takes others down with it."""
    return {
        _of("http_req_failed", scenario): ["rate<0.05"],
        _of("http_req_duration", scenario): ["max<5000"],
        _of("checks", scenario): ["rate>0.95"],
        **{_of("http_req_failed", scenario, one): ["rate<0.05"] for one in endpoints},
    }


def _of(metric: str, scenario: str, endpoint: str | None = None) -> str:
    more = f",endpoint:{endpoint}" if endpoint else ""
    return f"{metric}{{scenario:{scenario}{more}}}"
