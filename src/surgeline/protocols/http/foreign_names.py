"""Names from other tools, and of other places, that scripts try as options of HTTP; and what to write for them.

Wording alone: it continues the error about an option that there is not. Must not know who raises that.
"""

from collections.abc import Mapping
from dataclasses import fields

from surgeline.protocols.http.options import DNS, TLS, HttpLimits

_NO_VERIFICATION = "write http_options(tls=TLS(verify=False)) at the top of the script"
_CERTIFICATE = "write http_options(tls=TLS(cert=...)) at the top of the script"
_PROXY = "write http_options(proxy=...) at the top of the script"
_STATUSES = "write expect=..., the statuses that count as success"
_REDIRECTS = dict.fromkeys(
    ("allow_redirects", "follow_redirects", "max_redirects", "maxRedirects"), "write redirects=..., 0 for none"
)

INSTEAD_IN_REQUESTS: Mapping[str, str] = {
    **dict.fromkeys(("body", "content", "form"), "write data=..."),
    **dict.fromkeys(("verify", "verify_ssl", "ssl"), _NO_VERIFICATION),
    "cert": _CERTIFICATE,
    **_REDIRECTS,
    **dict.fromkeys(("proxy", "proxies"), _PROXY),
    "stream": "write async with vu.http.stream(...) as response:",
    "query": "write params=...",
    "jar": "write cookies=...",
    **dict.fromkeys(("bearer", "token"), "write auth=BearerAuth(...)"),
    **dict.fromkeys(("catch_response", "responseCallback"), _STATUSES),
    "responseType": "write discard_body=True, or look at response.body or response.text",
}
"""What to do instead of giving a request such an option."""

_OF_REQUESTS = (
    *("params", "json", "data", "files", "cookies", "auth"),
    *("name", "tags", "expect", "retries", "compression"),
)

INSTEAD_IN_HTTP_OPTIONS: Mapping[str, str] = {
    **{name: f"it is an option of each request: vu.http.get(url, {name}=...)" for name in _OF_REQUESTS},
    "bearer": "it is an option of each request: vu.http.get(url, auth=BearerAuth(...))",
    **{
        one.name: f"write {part}={kind.__name__}({one.name}=...)"
        for part, kind in (("limits", HttpLimits), ("dns", DNS), ("tls", TLS))
        for one in fields(kind)
    },
    **dict.fromkeys(("insecure", "insecureSkipTLSVerify", "verify_ssl"), "write tls=TLS(verify=False)"),
    **_REDIRECTS,
    **dict.fromkeys(("proxies", "http_proxy", "https_proxy"), "write proxy=..."),
    "base_url": "it is an option of a scenario: @scenario(..., base_url=...)",
}
"""What to do instead of giving `http_options` such an option."""
