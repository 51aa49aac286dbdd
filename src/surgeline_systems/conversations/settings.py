"""What the conversations service is told by its environment."""

from dataclasses import dataclass

from surgeline_systems.application.settings import Settings as CommonSettings
from surgeline_systems.application.settings import SettingsError, number, text

# Known to everybody: for a service on this machine, with data made for tests.
DEMO_SECRET = "a demo's secret, known to everybody"  # noqa: S105
THIS_MACHINE = ("127.0.0.1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """The limits are for each user (sending) or each address with an e-mail (logging in), in `limit_seconds`."""

    redis_url: str = text("REDIS_URL", form="redis://host:6379/0")
    jwt_secret: str = text("JWT_SECRET", DEMO_SECRET)
    jwt_seconds: int = number("JWT_SECONDS", 3_600, 1, 31_536_000)
    workers: int = number("WORKERS", 4, 1, 64)
    delivery_ms: int = number("DELIVERY_MS", 5, 0, 60_000)
    cache_seconds: int = number("CACHE_SECONDS", 30, 1, 86_400)
    send_limit: int = number("SEND_LIMIT", 1_200, 1, 1_000_000)
    login_limit: int = number("LOGIN_LIMIT", 20, 1, 1_000_000)
    limit_seconds: int = number("LIMIT_SECONDS", 60, 1, 86_400)

    def __post_init__(self) -> None:
        """Raises: SettingsError where others could make tokens for themselves."""
        if self.jwt_secret == DEMO_SECRET and self.host not in THIS_MACHINE:
            raise SettingsError(
                f"expected a JWT_SECRET of your own for a service that others can reach (HOST={self.host}), found the "
                "one that everybody knows. `openssl rand -base64 48` makes one"
            )
