"""The origins that a plan names, each once, and who names it."""

import pytest
from plans import one_scenario, plan_of

from surgeline.doctor.origins import origins_of


def named(folder, text, **environment):
    return [str(origin) for origin in origins_of(plan_of(folder, text, **environment))]


def test_base_urls_come_first(tmp_path):
    text = 'api = env("API", "https://api.example.com/v1")\n' + one_scenario(options=', base_url="http://a:8080/shop"')

    assert named(tmp_path, text) == ["http://a:8080 (base URL of one)", "https://api.example.com (env API)"]


def test_an_origin_is_named_once(tmp_path):
    text = one_scenario(options=', base_url="http://a/x"', body='await vu.http.get("http://a:80/y")')

    assert named(tmp_path, text) == ["http://a (base URL of one)"]


def test_values_that_were_given_count_and_others_do_not(tmp_path):
    text = 'env("API", "http://a")\nenv("NAME", "x")\nenv("DB", "postgresql://a/b")\n' + one_scenario()

    assert named(tmp_path, text, API="http://b:81/") == ["http://b:81 (env API)"]


@pytest.mark.parametrize(
    ("call", "origin"),
    [
        ('await vu.http.get("http://a/x")', "http://a (line 4)"),
        ('await vu.http.request("PUT", "http://a/x")', "http://a (line 4)"),
        ('await vu.http.post(f"https://a:8443/{vu.id}")', "https://a:8443 (line 4)"),
        ('await vu.http.post(f"http://a{vu.id}")', None),
        ('await vu.http.get("/x")', None),
        ('await vu.http.get("http://")', None),
        ('await other.get("http://a/x")', None),
        ('await vu.http.get("/", headers={"Referer": "http://a/x"})', None),
        ('print("http://a/x")', None),
    ],
)
def test_urls_in_calls_of_the_client(call, origin, tmp_path):
    assert named(tmp_path, one_scenario(body=call)) == ([] if origin is None else [origin])


def test_a_log_in_is_not_shown(tmp_path):
    assert "secret" not in "".join(named(tmp_path, one_scenario(options=', base_url="http://me:secret@a/"')))
