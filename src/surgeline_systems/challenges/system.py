"""The challenges system by its places and names."""

from surgeline_systems.system import Suite, System

SYSTEM = System(
    name="challenges",
    about="Challenges of a game: progress by events over gRPC, shown and rewarded over HTTP.",
    suites=(
        Suite(name="scenario1", about="50 requests a second for 30 minutes", script="scenario1.py"),
        Suite(name="scenario2", about="100 events a second for 30 minutes", script="scenario2.py"),
        Suite(name="scenario3", about="both at once", script="scenario3.py"),
        Suite(
            name="scenario4",
            about="both, and what that does to service, event handler and database",
            script="scenario4.py",
        ),
        Suite(name="scenario5", about="from an event to where it is seen, for 5 minutes", script="scenario5.py"),
    ),
    demo={
        "scenario1": {"DURATION": "10s"},
        "scenario2": {"DURATION": "10s"},
        "scenario3": {"DURATION": "10s"},
        "scenario4": {"DURATION": "10s"},
        "scenario5": {"DURATION": "10s", "TARGET_EPS": "100"},
    },
    needs_redis=True,
)
