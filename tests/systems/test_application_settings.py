"""The settings of a service: read from the environment, refused in one line that names the variable."""

from dataclasses import dataclass

import pytest

from surgeline_systems.application.settings import Settings, SettingsError, number, one_of, text

URL = "postgresql://127.0.0.1/surgeline_demo_coupons"


@dataclass(frozen=True, kw_only=True)
class MoreSettings(Settings):
    """A service with settings of its own."""

    redis_url: str = text("REDIS_URL", form="redis://host:6379/0")
    workers: int = number("WORKERS", 8, 1, 64)
    mode: str = one_of("MODE", "quiet", "loud")


def test_defaults_stay_on_this_machine():
    expected = Settings(database_url=URL, host="127.0.0.1", port=3000, max_connections=10)
    assert Settings.from_environment({"DATABASE_URL": URL}) == expected


def test_the_environment_decides():
    environment = {"DATABASE_URL": URL, "HOST": "0.0.0.0", "PORT": "8080", "DB_MAX_CONNECTIONS": "40", "OTHER": "1"}
    expected = Settings(database_url=URL, host="0.0.0.0", port=8080, max_connections=40)
    assert Settings.from_environment(environment) == expected


def test_a_service_adds_its_own():
    found = MoreSettings.from_environment({"DATABASE_URL": URL, "REDIS_URL": "redis://here", "WORKERS": "2"})
    assert (found.redis_url, found.workers, found.mode, found.port) == ("redis://here", 2, "quiet", 3000)
    assert (found.ports(), found.companions()) == ((3000,), ())


@pytest.mark.parametrize(
    "wrong",
    [
        {"DATABASE_URL": ""},
        {"REDIS_URL": ""},
        {"PORT": "http"},
        {"PORT": "0"},
        {"PORT": "65536"},
        {"DB_MAX_CONNECTIONS": "1"},
        {"WORKERS": "-1"},
        {"WORKERS": "1,2"},
        {"WORKERS": "65"},
        {"MODE": "QUIET"},
    ],
    ids=str,
)
def test_what_is_wrong_is_named(wrong: dict[str, str]):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        MoreSettings.from_environment({"DATABASE_URL": URL, "REDIS_URL": "redis://here", **wrong})
