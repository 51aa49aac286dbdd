"""The coupons system by its places and names."""

from surgeline_systems.system import Suite, System

SYSTEM = System(
    name="coupons",
    about="Coupon validation with asynchronous, batched logging.",
    suites=(
        Suite(name="benchmark", about="1,000 validations, 100 at a time", script="benchmark.py"),
        Suite(name="constant_rate", about="500 validations a second for 10 s", script="constant_rate.py"),
    ),
    demo={"benchmark": {}, "constant_rate": {}},
)
