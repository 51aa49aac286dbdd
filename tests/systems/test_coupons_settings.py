"""The service's settings: read from the environment, refused in one line that names the variable."""

import pytest

from surgeline_systems.coupons.settings import Settings, SettingsError

URL = "postgresql://127.0.0.1/surgeline_demo_coupons"


def test_defaults_stay_on_this_machine():
    assert Settings.from_environment({"DATABASE_URL": URL}) == Settings(URL, "127.0.0.1", 3000, 10)


def test_the_environment_decides():
    environment = {"DATABASE_URL": URL, "HOST": "0.0.0.0", "PORT": "8080", "DB_MAX_CONNECTIONS": "40"}
    assert Settings.from_environment(environment) == Settings(URL, "0.0.0.0", 8080, 40)


@pytest.mark.parametrize(
    "wrong",
    [{"DATABASE_URL": ""}, {"PORT": "http"}, {"PORT": "0"}, {"PORT": "65536"}, {"DB_MAX_CONNECTIONS": "1"}],
)
def test_what_is_wrong_is_named(wrong: dict[str, str]):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Settings.from_environment({"DATABASE_URL": URL, **wrong})
