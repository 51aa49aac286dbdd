"""The benchmark of the guide: 1,000 validations, 100 at a time, each answer within 100 ms for 95 of 100."""

from surgeline import VU, scenario, shared_iterations, thresholds
from surgeline_systems.coupons.load.questions import Questions
from surgeline_systems.coupons.load.validation import base_url, validate
from surgeline_systems.coupons.seeds import coupon_usage, coupons, users

thresholds(
    {
        "http_req_duration": ["avg<100", "p(95)<100", "p(99)<150"],
        "http_req_failed": ["rate<0.01"],
        "checks": ["rate>0.99"],
    }
)

questions = Questions(users, coupons, coupon_usage)


@scenario(shared_iterations(vus=100, iterations=1000), base_url=base_url())
async def benchmark(vu: VU) -> None:
    """1,000 validations shared among 100 users."""
    await validate(vu, questions)
