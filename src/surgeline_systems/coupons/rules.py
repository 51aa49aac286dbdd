"""When a coupon is valid for a user. Pure: facts in, a reason out; it must not know where the facts come from."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a coupon is not valid."""

    UNKNOWN_CODE = "unknown_code"
    UNKNOWN_USER = "unknown_user"
    INACTIVE = "inactive"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    OTHER_USER = "other_user"
    USED_UP = "used_up"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules look at. Where the code is unknown, only the first three mean anything.

    `owner` is the one user of a user-specific coupon, else None. `started` and `ended` compare the coupon's time with
    now. `uses` counts everybody's uses of the coupon, `uses_by_user` those by the user who asks.
    """

    user: str
    code_known: bool
    user_known: bool
    status: str | None = None
    owner: str | None = None
    started: bool | None = None
    ended: bool | None = None
    max_uses: int = 0
    uses_per_user: int = 0
    uses: int = 0
    uses_by_user: int = 0


# In the order in which they are told: of several reasons, the first.
RULES: tuple[tuple[Reason, Callable[[Facts], bool]], ...] = (
    (Reason.UNKNOWN_CODE, lambda facts: not facts.code_known),
    (Reason.UNKNOWN_USER, lambda facts: not facts.user_known),
    (Reason.INACTIVE, lambda facts: facts.status == "inactive"),
    (Reason.EXPIRED, lambda facts: facts.status == "expired" or facts.ended is True),
    (Reason.NOT_YET_VALID, lambda facts: not facts.started),
    (Reason.OTHER_USER, lambda facts: facts.owner not in {None, facts.user}),
    (Reason.USED_UP, lambda facts: facts.uses >= facts.max_uses or facts.uses_by_user >= facts.uses_per_user),
)


def reason_against(facts: Facts) -> Reason | None:
    """Why the coupon is not valid for the user now; None when it is valid."""
    return next((reason for reason, applies in RULES if applies(facts)), None)
