"""What the service is told by its environment, checked before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass


class SettingsError(Exception):
    """A variable is missing or wrong; the text names it, what was expected and what was found."""


@dataclass(frozen=True)
class Settings:
    """`host` stays on this machine unless told otherwise; the connections are those of one process."""

    database_url: str
    host: str = "127.0.0.1"
    port: int = 3000
    max_connections: int = 10

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises: SettingsError."""
        url = environment.get("DATABASE_URL")
        if not url:
            raise SettingsError(
                "expected DATABASE_URL=postgresql://user@host:5432/surgeline_demo_coupons, found nothing"
            )
        return cls(
            database_url=url,
            host=environment.get("HOST", cls.host),
            port=_number(environment, "PORT", cls.port, 1, 65_535),
            max_connections=_number(environment, "DB_MAX_CONNECTIONS", cls.max_connections, 2, 1_000),
        )


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdecimal() or not least <= int(text) <= most:
        raise SettingsError(f"expected {name} to be a whole number from {least} to {most}, found {text!r}")
    return int(text)
