"""The chat system by its places and names."""

import asyncio
import importlib
from collections.abc import Mapping

from surgeline_systems.system import Suite, System

SCRIPT = "performance.py"


def forget_index(key_prefix: str, environment: Mapping[str, str]) -> None:
    """Remove the search index: it would find what was written before under the numbers of what is written next."""
    search, settings = (importlib.import_module(f"surgeline_systems.chat.{name}") for name in ("search", "settings"))
    asyncio.run(search.remove_index(settings.Settings.from_environment(environment), key_prefix))


SYSTEM = System(
    name="chat",
    about="Chats of applications: messages are accepted at once and written later, by way of a broker.",
    suites=(
        Suite(name="performance", about="5,000 writes and 10,000 reads a second for 30 s", script=SCRIPT),
        Suite(
            name="quick",
            about="the same for 10 s, by half as many users",
            script=SCRIPT,
            values={"DURATION": "10s", "WORKERS": "50"},
        ),
        Suite(
            name="extended",
            about="for 60 s, by half as many more",
            script=SCRIPT,
            values={"DURATION": "60s", "WORKERS": "150"},
        ),
        Suite(
            name="stress",
            about="twice as many a second for 60 s, by twice as many users",
            script=SCRIPT,
            values={"WRITES": "10000", "READS": "20000", "DURATION": "60s", "WORKERS": "200"},
        ),
    ),
    demo={
        "performance": {"WRITES": "300", "READS": "600", "DURATION": "10s", "WORKERS": "20", "WARM_UP": "2s"},
    },
    databases=("mariadb", "postgres"),
    needs_redis=True,
    wants_rabbitmq=True,
    has_workers=True,
    forget=forget_index,
)
