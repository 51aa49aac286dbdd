"""One coupon validation as a user makes it, with a check that the answer is right: what all our scripts share.

This module must not know how often, or how many at a time.
"""

from surgeline import VU, check, env
from surgeline_systems.coupons.catalogue import DEFAULT_COUPONS, DEFAULT_SEED, DEFAULT_USERS, Catalogue


def base_url() -> str:
    """Where the service is."""
    return env("BASE_URL", "http://127.0.0.1:3000")


def seeded_catalogue() -> Catalogue:
    """What the database holds, by which we know the right answers: the numbers must be those of the seeding."""
    return Catalogue(
        seed=env("CATALOGUE_SEED", DEFAULT_SEED),
        users=env("USERS", DEFAULT_USERS),
        coupons=env("COUPONS", DEFAULT_COUPONS),
    )


async def validate(vu: VU, catalogue: Catalogue) -> None:
    """Ask whether a user may use a coupon."""
    question = catalogue.question(vu.random)
    response = await vu.http.post(
        "/api/coupons/validate",
        json={"code": question.code, "userId": question.user_id},
        name="validate",
    )
    right = {"valid": question.reason is None, "reason": question.reason}
    check(response, {"answered": response.status == 200, "right answer": response.ok and response.json() == right})
