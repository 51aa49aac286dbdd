"""The reference systems by name. A system's own module is imported when it is asked for."""

import importlib

from surgeline_systems.system import System

NAMES = ("coupons", "messages", "conversations", "challenges", "chat")


def system_named(name: str) -> System:
    """The system of one of `NAMES`."""
    system: System = importlib.import_module(f"surgeline_systems.{name}.system").SYSTEM
    return system
