"""Validations at a constant rate, whatever the service does: `TARGET_RPS` a second for `DURATION`."""

from surgeline import VU, constant_arrival_rate, env, scenario, thresholds
from surgeline_systems.coupons.load.questions import Questions
from surgeline_systems.coupons.load.validation import base_url, validate
from surgeline_systems.coupons.seeds import coupon_usage, coupons, users

thresholds(
    {
        "http_req_duration": ["p(95)<100", "p(99)<150"],
        "http_req_failed": ["rate<0.01"],
        "checks": ["rate>0.99"],
        "dropped_iterations": ["count<1"],
    }
)

questions = Questions(users, coupons, coupon_usage)
arrivals = constant_arrival_rate(
    rate=env("TARGET_RPS", 500),
    duration=env("DURATION", "10s"),
    pre_allocated_vus=50,
    max_vus=500,
)


@scenario(arrivals, base_url=base_url())
async def constant_rate(vu: VU) -> None:
    """One validation for each arrival."""
    await validate(vu, questions)
