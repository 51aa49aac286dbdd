"""`http_options` in a script: what the plan holds, and what is said of a wrong one, before anything is sent."""

import dataclasses
import inspect
import pickle

import pytest
import trustme

import surgeline
from surgeline.engine.scope import Scope, current_scope
from surgeline.errors import ExitCode, OptionError, ScriptError
from surgeline.metrics.registry import Registry
from surgeline.protocols.http.options import DNS, TLS, HttpLimits, HttpOptions
from surgeline.report.plan import render_plan
from surgeline.script.inspection import inspect_plan
from surgeline.script.load import load_script
from surgeline.script.plan import Overrides, apply_overrides
from surgeline.script.settings import read_given

GOOD = "@scenario(constant_vus(duration=1))\nasync def s(vu): pass\n"


@pytest.fixture
def load(tmp_path):
    def write_and_load(text):
        path = tmp_path / "script.py"
        path.write_text("from surgeline import *\n" + text + "\n" + GOOD)
        return load_script(path)

    return write_and_load


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def test_a_script_without(load):
    assert load("").http == HttpOptions()


def test_all_of_them(load):
    plan = load("""
http_options(
    timeout="1m30s", redirects=3, keep_cookies=True, connections="iteration", discard_bodies=True, user_agent="me/1",
    headers={"Accept": "text/html"}, batch=5, batch_per_host=2, limits=HttpLimits(body_bytes="1MiB"),
    tls=TLS(min_version="1.3", resume=True), dns=DNS(ttl=0, families="prefer 4", choose="first"),
    hosts={"api.test": "127.0.0.1:8443"}, local_addresses=["127.0.0.2-127.0.0.4"],
    proxy="http://me:secret@127.0.0.1:3128", no_proxy=[".internal"],
)""")
    expected = HttpOptions(
        timeout="1m30s",
        redirects=3,
        keep_cookies=True,
        connections="iteration",
        discard_bodies=True,
        user_agent="me/1",
        headers={"Accept": "text/html"},
        batch=5,
        batch_per_host=2,
        limits=HttpLimits(body_bytes=1024 * 1024),
        tls=TLS(min_version="1.3", resume=True),
        dns=DNS(ttl=0, families="prefer 4", choose="first"),
        hosts={"api.test": "127.0.0.1:8443"},
        local_addresses=("127.0.0.2-127.0.0.4",),
        proxy="http://me:secret@127.0.0.1:3128",
        no_proxy=(".internal",),
    )
    assert plan.http == expected
    assert pickle.loads(pickle.dumps(plan.http)) == expected
    assert apply_overrides(plan, Overrides(vus=5, duration_ns=10**9)).http == expected


def test_shows_the_parameters_that_it_takes():
    parameters = inspect.signature(surgeline.http_options).parameters
    assert list(parameters) == [each.name for each in dataclasses.fields(HttpOptions)]
    assert all(name in surgeline.http_options.__doc__ for name in parameters)


def test_files_are_found_from_the_scripts_folder(load, tmp_path, authority, monkeypatch):
    (tmp_path / "tls").mkdir()
    authority.cert_pem.write_to_path(tmp_path / "tls/ca.pem")
    authority.issue_cert("me.test").private_key_and_cert_chain_pem.write_to_path(tmp_path / "me.pem")
    monkeypatch.chdir("/")
    tls = load('http_options(tls=TLS(ca="tls/ca.pem", cert="me.pem"))').http.tls
    assert tls == TLS(ca=tmp_path / "tls/ca.pem", cert=tmp_path / "me.pem")
    assert load('http_options(tls=TLS(ca="tls"))').http.tls == TLS(ca=tmp_path / "tls")


# (script, its line, what the message holds); the first line of the file is the import.
WRONG = {
    "name": ("http_options(time_out=5)", 2, "http_options: expected timeout, redirects, "),
    "near": ("http_options(time_out=5)", 2, """found 'time_out'; did you mean "timeout"?"""),
    "k6's": ("\nhttp_options(userAgent=5)", 3, """found 'userAgent'; did you mean "user_agent"?"""),
    "by place": ("http_options(5)", 2, "http_options: expected options by name: http_options(timeout=..., redirects="),
    "value": ("http_options(\n  timeout=0)", 2, "timeout: expected a duration above 0, found 0"),
    "part": ("http_options(tls=TLS(min_version='2'))", 2, """min_version: expected "1.0", "1.1", "1.2" or "1.3","""),
    "unknown part": (
        "http_options(dns=DNS(tll=5))",
        2,
        """DNS: expected ttl, families, choose; found 'tll'; did you""",
    ),
    "twice": ("http_options()\nhttp_options()", 3, "http_options: expected one call, found a second"),
    "header": ("http_options(headers={'a b': 'c'})", 2, "'a b'"),
    "agent": ("http_options(user_agent='a\\nb')", 2, "user_agent: expected a text of one line, found 'a\\nb'"),
    "no file": ("http_options(tls=TLS(ca='ca.pem'))", 2, "ca: expected a file (PEM), found none to read at "),
    "no address": (
        "http_options(local_addresses='192.0.2.1')",
        2,
        "expected addresses of this machine, found 192.0.2.1",
    ),
    "password": ("http_options(proxy='ftp://a:secret@b')", 2, "found 'ftp://(redacted)@b'; proxies are spoken to over"),
}


@pytest.mark.parametrize("case", WRONG)
def test_says_what_is_wrong_and_where(load, tmp_path, case):
    text, line, message = WRONG[case]
    with pytest.raises(ScriptError) as caught:
        load(text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/script.py:{line}: ")
    assert caught.value.exit_code == ExitCode.WRONG_INPUT == 104
    assert "secret" not in str(caught.value)


def test_while_the_load_runs_it_is_too_late():
    token = current_scope.set(Scope(Registry(), {}))
    try:
        with pytest.raises(OptionError, match="expected at the top of a script, found a call while the load runs"):
            surgeline.http_options(redirects=1)
    finally:
        current_scope.reset(token)


def test_declares_nothing_outside_of_the_loader():
    surgeline.http_options(redirects=1, tls=TLS(ca="nowhere.pem"))
    with pytest.raises(OptionError):
        surgeline.http_options(redirects=-1)


# What `inspect` shows


def inspection(plan):
    return inspect_plan(plan, plan, read_given({}).settle(plan.options))


def test_inspect_shows_what_differs_and_no_secret(load, tmp_path, authority):
    me = authority.issue_cert("me.test")
    me.private_key_and_cert_chain_pem.write_to_path(tmp_path / "me.pem")
    shown = inspection(
        load("""
http_options(
    redirects=0, keep_cookies=True, tls=TLS(cert="me.pem", password="secret-1", verify=False), dns=DNS(ttl=None),
    headers={"Authorization": "Bearer secret-2", "Accept": "*/*"}, hosts={"auth.test": "127.0.0.1"},
    proxy="http://me:secret-3@127.0.0.1:3128", no_proxy=["a.test", ".b.test"], limits=HttpLimits(body_bytes="1GiB"),
)""")
    )
    assert shown.http == {
        "redirects": 0,
        "keep_cookies": True,
        "headers.Authorization": "(redacted)",
        "headers.Accept": "*/*",
        "limits.body_bytes": 1024**3,
        "tls.cert": str(tmp_path / "me.pem"),
        "tls.password": "(redacted)",
        "tls.verify": False,
        "dns.ttl": None,
        "hosts.auth.test": "127.0.0.1",
        "proxy": "http://(redacted)@127.0.0.1:3128",
        "no_proxy": ["a.test", ".b.test"],
    }
    text = render_plan(shown, 200)
    lines = text[text.index("\nHTTP\n") :].splitlines()
    assert lines[:5] == ["", "HTTP", "  redirects 0", "  keep_cookies true", "  headers.Authorization (redacted)"]
    assert "  no_proxy a.test, .b.test" in lines
    assert "  hosts  auth.test -> 127.0.0.1" in lines
    assert "secret" not in text


def test_inspect_is_silent_about_defaults(load):
    shown = inspection(load("http_options(redirects=10)"))
    assert shown.http == {}
    assert "HTTP" not in render_plan(shown, 80).splitlines()
