"""Secrets in a script's own text: which literals are taken out, and that nothing else of it changes."""

import ast
import io
import tokenize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surgeline.store.redact import REDACTED
from surgeline.store.redact_code import redact_code

SECRET = "hunter2-x"

# Each holds one secret; with `#`, it is no Python by itself.
CODE = [
    'password = "{}"',
    "api_token = '{}'",
    'self.token: str = "{}"',
    'headers["X-Api-Key"] = "{}"',
    'sent = {{"password": "{}", "user": "ada"}}',
    'sent = {{"X-Api-Key": "{}"}}',
    "sent = {{b'Cookie': b'{}'}}",
    'await vu.http.get("/", headers={{"Authorization": "{}"}})',
    'log_in("ada", password="{}")',
    'user, password = "ada", "{}"',
    'if (token := "{}"): pass',
    'def log_in(user, password="{}", *, page="a"): pass',
    'async def log_in(user, *, secret="{}"): pass',
    'digest = DigestAuth("ada", "{}")',
    'basic = http.BasicAuth("ada", r"{}")',
    'await vu.http.get("/", auth=("ada", "{}"))',
    'auth = ("ada", "{}")',
    'await vu.http.get("/", auth=BearerAuth("{}"))',
    'token = env("API_TOKEN", "{}")',
    'headers = [("X-Api-Key", "{}")]',
    'token = given or "{}"',
    'token = "{}".encode()',
    'API_KEYS = ["{}"]',
    'cookies = {{"basket": "{}"}}',
    'é = "ß"; password = "{}"; other = "kept"',
    'password = f"{}"',
    'sent = \'{{"password": "{}"}}\'',
    '# password = "{}"',
]


@pytest.mark.parametrize("code", CODE)
def test_a_secret_literal_is_replaced_and_nothing_else(code):
    assert redact_code(code.format(SECRET)) == code.format(REDACTED)


IN_PIECES = [
    one for one in CODE if not one.startswith(("user,", "token = given", "API_KEYS", "cookies", "self.", "sent = {{b"))
]


@pytest.mark.parametrize("code", [one for one in IN_PIECES if "encode" not in one and ":=" not in one])
def test_so_it_is_in_a_traceback(code):
    trace = "  File \"script.py\", line 3, in <module>\n    {}\nKeyError: 'discount'\n"
    assert redact_code(trace.format(code.format(SECRET))) == trace.format(code.format(REDACTED))


@pytest.mark.parametrize(
    "code",
    [
        'token = env("TOKEN")',
        'token = (await vu.http.get("/token")).json()["token"]',
        "headers = {'Authorization': f'Bearer {token}'}",
        'headers = {"Authorization": "Bearer " + token}',
        'headers = {"Authorization": "Bearer %s" % token}',
        'headers = {"Authorization": "Bearer {}".format(token)}',
        'password = ""',
        'user = "ada"',
        'thresholds({"http_req_duration{name:token}": "p(95)<300"})',
        'await vu.http.post("/token", name="log in")',
        'for key in ("a", "b"): pass',
        'print("token:", "is there")',
        "auth = log_in('ada')",
        "print(f\"token='{token}'\")",
        'check(None, {"is there": response.ok})',
    ],
)
def test_what_is_no_literal_or_no_secret_stays(code):
    assert redact_code(code) == code


@pytest.mark.parametrize(
    "message",
    [
        "KeyError: 'discount'",
        "http_options: expected timeout, redirects, found 'time_out'",
        "http_options(keys=...): unknown key: 'abc'",
    ],
)
def test_messages_stay_readable(message):
    assert redact_code(message) == message


def test_lines_stay_where_they_are():
    code = (
        'password = """one\ntwo\n"""\n'
        "token = (\n    'abc'  # the first half\n    \"def\"\n)\n"
        "secret = 'ab\\\ncd'\n"
        "last = 1\n"
    )
    assert redact_code(code) == (
        'password = """(redacted)\n\n"""\n'
        "token = (\n    '(redacted)'  # the first half\n    \"(redacted)\"\n)\n"
        "secret = '(redacted)\\\n'\n"
        "last = 1\n"
    )
    assert redact_code(code.replace("\n", "\r\n")).count("\r\n") == code.count("\n") - 3


def test_urls_are_redacted_too():
    assert redact_code('get("http://ada:p@ss@host/")') == f'get("http://{REDACTED}@host/")'


@pytest.mark.parametrize("broken", ["def (", "\x00", "\udcff", "a\rb", "(" * 500])
def test_what_does_not_parse_is_redacted_by_its_looks(broken):
    assert redact_code(f'{broken}\npassword = "{SECRET}"') == f'{broken}\npassword = "{REDACTED}"'


def test_a_long_word_takes_no_time():
    word = "key" * 100_000
    assert redact_code(f"def ( {word}") == f"def ( {word}"


NAMES = st.sampled_from(["password", "user", "api_token", "vus", "Cookie"])
LITERALS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).map(lambda text: f"hunter2{text}")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(NAMES, LITERALS), max_size=5))
def test_any_script_is_the_same_but_for_its_secrets(pairs):
    code = "".join(f"{name} = {text!r}; f({name}={text!r}, b={{{name!r}: {text!r}}})\n" for name, text in pairs)
    redacted = redact_code(code)
    for before, after in zip(ast.parse(code).body, ast.parse(redacted).body, strict=True):
        assert (before.lineno, type(before)) == (after.lineno, type(after))
    kinds = [
        [token.type for token in tokenize.generate_tokens(io.StringIO(text).readline)] for text in (code, redacted)
    ]
    assert kinds[0] == kinds[1]
    kept = sum(name in ("user", "vus") for name, _ in pairs)
    assert redacted.count("hunter2") == 3 * kept
