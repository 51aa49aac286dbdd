"""What counts as a secret, and what is left in its place."""

import json

import pytest

from surgeline.store.redact import REDACTED, Redactor, is_secret, redact


@pytest.mark.parametrize(
    "name", ["API_TOKEN", "password", "DbPasswd", "X-Api-Key", "Authorization", "Cookie", "SECRET"]
)
def test_telling_names(name):
    assert is_secret(name)


@pytest.mark.parametrize("name", ["TARGET_RPS", "BASE_URL", "users", "vus", "scenario"])
def test_other_names(name):
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"token": "abc", "vus": 3}, {"token": REDACTED, "vus": 3}),
        (["API_TOKEN=abc", "USERS=5"], [f"API_TOKEN={REDACTED}", "USERS=5"]),
        (("Authorization: Bearer a b",), [f"Authorization: {REDACTED}"]),
        ("postgres://joe:pw@host/db", f"postgres://{REDACTED}@host/db"),
        ("http://host/?a=1&api_key=abc&b=2", f"http://host/?a=1&api_key={REDACTED}&b=2"),
        ("http://host/?page=2&keyword=shoes&country_code=de", "http://host/?page=2&keyword=shoes&country_code=de"),
        ("Authorization: Bearer is missing", f"Authorization: {REDACTED}"),
        ("the basic authorization: none was given", "the basic authorization: none was given"),
        ('{"Authorization": token}', '{"Authorization": token}'),
        ("{'Authorization': f'Bearer {token}'}", "{'Authorization': f'Bearer {token}'}"),
        ("http://host/path?mail=joe@host", "http://host/path?mail=joe@host"),
        ({"nested": [{"password": ["x"]}]}, {"nested": [{"password": REDACTED}]}),
        (None, None),
    ],
)
def test_redact(value, left):
    assert redact(value) == left


@pytest.mark.parametrize(
    "name",
    ["key", "access_key", "private_key", "sig", "X-Amz-Signature", "jwt", "sessionid", "pwd", "code", "Api-Key", "dsn"],
)
@pytest.mark.parametrize("before", ["?", "?page=2&", "#"])
def test_a_secret_in_a_query(name, before):
    assert redact(f"GET http://host/{before}{name}=s3cr3t&x=1") == f"GET http://host/{before}{name}={REDACTED}&x=1"
    assert is_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        "sent Authorization: Bearer {} and more",
        "{{'Authorization': 'Bearer {}', 'Accept': '*/*'}}",
        '{{"authorization": "{}"}}',
        "{{'Authorization': b'Basic {}'}}",
        "curl -H 'Authorization: token {}' http://host",
    ],
)
def test_a_login_inside_of_a_longer_text(text):
    assert redact(text.format("s3cr3t.x/y==")) == text.format(REDACTED)
    assert Redactor({}).text(json.dumps(text.format("s3cr3t"))) == json.dumps(text.format(REDACTED))


def test_the_form_of_a_url_is_told():
    form = "expected amqp://user:password@host:5672/vhost"
    assert redact(form) == form


def test_json_stays_json():
    data = {"a": "http://joe:pw@host/?token=abc", "b": 'mail@host "quoted"', "c": "http://host", "d": "x@y"}
    text = Redactor({}).text(json.dumps(data))
    assert json.loads(text) == data | {"a": f"http://{REDACTED}@host/?token={REDACTED}"}


def test_values_of_secret_variables_are_found_anywhere():
    redactor = Redactor({"DB_PASSWORD": "hunter22", "PIN_KEY": "1234", "USER": "somebody"})
    assert redactor.text("hunter22 1234 somebody") == f"{REDACTED} 1234 somebody"
