"""Results to write down: those that the reports are tested on, with texts that no format likes."""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))

from sample_results import HEALTHY, OVERLOADED, coupons

from surgeline.metrics.values import RateValue
from surgeline.result import CheckResult, FailureKind, IterationError, RequestRow

HAPPY = {"http_req_duration": ["p(95)<500", "p(99)<1000"], "http_req_failed": "rate<0.01"}
NASTY = 'a|b `c` <d> & "e"\n\x1b[31m\x00 *f* [g](h) \\| \ud800 é\r\n\t~~i~~ ]]> $x$'


def nasty():
    """A failed run whose names are as bad as names can be."""
    base = coupons()
    row = base.requests[0]
    return replace(
        base,
        title=NASTY,
        scenarios=(NASTY,),
        checks=(CheckResult(NASTY, RateValue(1, 2)),),
        requests=(RequestRow("POST", NASTY, row.duration, row.rate, row.failed),),
        failures=(FailureKind(1503, NASTY, 3),),
        iteration_errors=(IterationError(NASTY, 2, NASTY),),
    )


__all__ = ["HAPPY", "HEALTHY", "NASTY", "OVERLOADED", "coupons", "nasty"]
