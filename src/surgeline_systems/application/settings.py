"""What a service is told by its environment, checked before anything starts. It must not know any system."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Self

from surgeline import SurgelineError
from surgeline_systems.servers.launch import Launch

MOST_CONNECTIONS = 1_000


class SettingsError(SurgelineError):
    """A variable is missing or wrong; the text names it, what was expected and what was found."""


def text(variable: str, default: Any = MISSING, *, form: str | None = None) -> Any:
    """A field that is any text; without a default it must be given, and `form` shows what it looks like."""

    def read(found: str) -> str:
        return found

    return field(default=default, metadata={"variable": variable, "read": read, "form": form})


def number(variable: str, default: int, least: int, most: int) -> Any:
    """A field that is a whole number within limits."""

    def read(found: str) -> int:
        if not found.isdecimal() or not least <= int(found) <= most:
            raise SettingsError(f"expected {variable} to be a whole number from {least} to {most}, found {found!r}")
        return int(found)

    return field(default=default, metadata={"variable": variable, "read": read, "form": None})


def one_of(variable: str, default: str, *others: str) -> Any:
    """A field that is one of a few words."""
    allowed = (default, *others)

    def read(found: str) -> str:
        if found not in allowed:
            raise SettingsError(f"expected {variable} to be {' or '.join(allowed)}, found {found!r}")
        return found

    return field(default=default, metadata={"variable": variable, "read": read, "form": None})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every service needs. `host` stays on this machine unless told otherwise; the connections are those of one
    process. A service adds fields of its own, and says whether it is for the direct server.
    """

    answers_directly: ClassVar[bool] = False

    database_url: str = text("DATABASE_URL", form="postgresql://user@host:5432/database")
    host: str = text("HOST", "127.0.0.1")
    port: int = number("PORT", 3000, 1, 65_535)
    max_connections: int = number("DB_MAX_CONNECTIONS", 10, 2, MOST_CONNECTIONS)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises: SettingsError."""
        given = {}
        for one in fields(cls):
            variable: str = one.metadata["variable"]
            read: Callable[[str], Any] = one.metadata["read"]
            found = environment.get(variable)
            if found:
                given[one.name] = read(found)
            elif one.default is MISSING:
                raise SettingsError(f"expected {variable}={one.metadata['form']}, found nothing")
        return cls(**given)

    @classmethod
    def variables(cls) -> Sequence[str]:
        """The variables that it reads."""
        return [one.metadata["variable"] for one in fields(cls)]

    def ports(self) -> Sequence[int]:
        """Where the service and its companions listen."""
        return (self.port,)

    def companions(self) -> Sequence[Launch]:
        """The programs that the service wants beside it, for as long as it runs."""
        return ()
