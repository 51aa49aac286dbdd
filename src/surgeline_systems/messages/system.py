"""The messages system by its places and names."""

from surgeline_systems.messages.scaling import conduct
from surgeline_systems.system import Suite, System

SYSTEM = System(
    name="messages",
    about="Birthday and anniversary messages, delivered by workers from a queue in the database.",
    has_workers=True,
    suites=(
        Suite(name="sustained", about="50 messages a second for 5 minutes", script="sustained.py"),
        Suite(name="peak", about="Up to 120 messages a second", script="peak.py"),
        Suite(
            name="worker_scaling",
            about="The same messages with 1, 2, 4 and 8 workers",
            script="worker_scaling.py",
            conduct=conduct,
        ),
    ),
    demo={
        "sustained": {"DURATION": "10s"},
        "peak": {"RAMP": "3s", "DURATION": "5s"},
        "worker_scaling": {"WORKERS": "1,4", "MESSAGES": "2000"},
    },
)
