"""One coupon validation as a user makes it, with a check that the answer is right: what all our scripts share.

This module must not know how often, or how many at a time.
"""

from surgeline import VU, check, env
from surgeline_systems.coupons.load.questions import Questions


def base_url() -> str:
    """Where the service is."""
    return env("BASE_URL", "http://127.0.0.1:3000")


async def validate(vu: VU, questions: Questions) -> None:
    """Ask whether a user may use a coupon."""
    question = questions.draw(vu)
    response = await vu.http.post(
        "/api/coupons/validate",
        json={"code": question.code, "userId": question.user_id},
        name="validate",
    )
    right = {"valid": question.reason is None, "reason": question.reason}
    check(response, {"answered": response.status == 200, "right answer": response.ok and response.json() == right})
