"""The conversations system by its places and names."""

from surgeline_systems.system import Suite, System

SCRIPT = "loadtest.py"


def _suite(name: str, about: str) -> Suite:
    return Suite(name=name, about=about, script=SCRIPT, scenario=name)


SYSTEM = System(
    name="conversations",
    about="Conversations of 1,000 churches, with sign-in, a cache, rate limits and a queue of messages to send.",
    suites=(
        _suite("smoke", "every endpoint, 1 user, 5 times"),
        _suite("load", "0 to 10 to 0 users in 50 s"),
        _suite("spike", "1 to 50 users in 5 s, held for 10 s, and the recovery"),
        _suite("soak", "5 users for 5 minutes: does memory grow, do connections?"),
        _suite("conversation", "reading and replying, 0 to 20 users in 15 s, held for 30 s"),
    ),
    demo={"smoke": {}, "load": {"DURATION": "20s"}},
    needs_redis=True,
    has_workers=True,
)
