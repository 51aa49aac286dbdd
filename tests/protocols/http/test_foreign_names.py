"""Options that other tools have, or that belong elsewhere, are answered with what to write."""

import inspect
from dataclasses import fields

import pytest
from http_lab import play, silence

import surgeline
from surgeline.errors import OptionError
from surgeline.protocols.http.client import HttpClient
from surgeline.protocols.http.foreign_names import INSTEAD_IN_HTTP_OPTIONS, INSTEAD_IN_REQUESTS
from surgeline.protocols.http.options import HttpOptions

OF_HTTP_OPTIONS = {one.name for one in fields(HttpOptions)}
OF_REQUESTS = set(inspect.signature(HttpClient.request).parameters) - {"self", "method", "url", "unknown", "_stream"}

REQUESTS = {
    "body": "write data=...",
    "content": "write data=...",
    "form": "write data=...",
    "verify": "write http_options(tls=TLS(verify=False)) at the top of the script",
    "cert": "write http_options(tls=TLS(cert=...)) at the top of the script",
    "allow_redirects": "write redirects=..., 0 for none",
    "follow_redirects": "write redirects=..., 0 for none",
    "maxRedirects": "write redirects=..., 0 for none",
    "proxies": "write http_options(proxy=...) at the top of the script",
    "stream": "write async with vu.http.stream(...) as response:",
    "token": "write auth=BearerAuth(...)",
    "header": 'did you mean "headers"?',
    "time_out": 'did you mean "timeout"?',
}

DECLARED = {
    "verify": "write tls=TLS(verify=...)",
    "cert": "write tls=TLS(cert=...)",
    "ca": "write tls=TLS(ca=...)",
    "ttl": "write dns=DNS(ttl=...)",
    "body_bytes": "write limits=HttpLimits(body_bytes=...)",
    "insecureSkipTLSVerify": "write tls=TLS(verify=False)",
    "auth": "it is an option of each request: vu.http.get(url, auth=...)",
    "retries": "it is an option of each request: vu.http.get(url, retries=...)",
    "bearer": "it is an option of each request: vu.http.get(url, auth=BearerAuth(...))",
    "max_redirects": "write redirects=..., 0 for none",
    "proxies": "write proxy=...",
    "base_url": "it is an option of a scenario: @scenario(..., base_url=...)",
    "discard_body": 'did you mean "discard_bodies"?',
}


@pytest.mark.parametrize(("option", "advice"), REQUESTS.items())
def test_an_option_of_a_request(option, advice):
    async def scene(lab):
        for ask in (lab.http.get, lab.http.post):
            with pytest.raises(TypeError) as caught:
                ask("/", **{option: 1})
            assert str(caught.value).startswith(f"{option}: expected one of params, data, json, ")
            assert str(caught.value).endswith(f"; found {option!r}; {advice}")
        return lab.server.connections

    assert play(silence, scene) == 0


@pytest.mark.parametrize(("option", "advice"), DECLARED.items())
def test_an_option_that_is_declared(option, advice):
    with pytest.raises(OptionError) as caught:
        surgeline.http_options(**{option: 1})

    assert str(caught.value).startswith("http_options: expected timeout, redirects, ")
    assert str(caught.value).endswith(f"; found {option!r}; {advice}")


def test_an_option_of_a_request_alone_is_said_to_be_one():
    alone = OF_REQUESTS - OF_HTTP_OPTIONS - {"discard_body"}
    assert {name for name, advice in INSTEAD_IN_HTTP_OPTIONS.items() if f"(url, {name}=" in advice} == alone


def test_no_option_that_there_is_has_something_in_its_place():
    assert not OF_REQUESTS & INSTEAD_IN_REQUESTS.keys()
