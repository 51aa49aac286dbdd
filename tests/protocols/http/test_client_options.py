"""The options of the HTTP client: what they take, and what is said of everything else."""

import pickle
import socket
import struct
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import OptionError
from surgeline.protocols.http.addresses import (
    MOST_LOCAL_ADDRESSES,
    Place,
    local_addresses,
    pack_address,
    pack_unix,
    parse_place,
    refuse_foreign,
    split_port,
)
from surgeline.protocols.http.hosts import HostOverrides
from surgeline.protocols.http.options import DNS, TLS, HttpLimits, HttpOptions, changed, parse_size
from surgeline.protocols.http.proxies import DirectHosts, Proxy, parse_proxy

KIB = 1024
MIB = 1024 * KIB


def test_defaults():
    options = HttpOptions()
    assert (options.timeout_ns, options.redirects, options.connections) == (60_000_000_000, 10, "keep")
    assert (options.batch, options.batch_per_host, options.user_agent) == (20, 6, "surgeline")
    assert (options.tls, options.dns, options.limits) == (TLS(), DNS(), HttpLimits())
    assert options.dns.ttl_ns == 300_000_000_000
    limits = {each.name: getattr(options.limits, each.name) for each in fields(HttpLimits)}
    assert limits == {
        "head_bytes": 256 * KIB,
        "line_bytes": 64 * KIB,
        "headers": 256,
        "interim": 16,
        "body_bytes": 128 * MIB,
        "chunk_extension_bytes": 16 * KIB,
        "trailer_bytes": 64 * KIB,
        "decoded_bytes": 128 * MIB,
        "event_bytes": MIB,
    }


@pytest.mark.parametrize("kind", [HttpOptions, HttpLimits, TLS, DNS])
def test_are_frozen_comparable_and_can_be_sent_to_another_process(kind):
    options = kind()
    assert pickle.loads(pickle.dumps(options)) == options == replace(options)
    assert not hasattr(options, "__dict__")
    with pytest.raises(FrozenInstanceError):
        setattr(options, fields(kind)[0].name, 1)
    with pytest.raises((TypeError, OptionError)):
        kind(1)


def test_durations_are_texts_or_seconds():
    assert HttpOptions(timeout="1m30s").timeout_ns == HttpOptions(timeout=90).timeout_ns == 90_000_000_000
    assert [DNS(ttl=ttl).ttl_ns for ttl in ("10s", 0, None, "forever")] == [10_000_000_000, 0, None, None]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (5, 5),
        ("5", 5),
        ("5B", 5),
        ("1KiB", KIB),
        ("1 KiB", KIB),
        ("128MiB", 128 * MIB),
        ("1.5MB", 1_500_000),
        ("2kB", 2_000),
        ("1GiB", 1024 * MIB),
        ("1GB", 10**9),
        (" 3 MiB ", 3 * MIB),
    ],
)
def test_sizes(text, size):
    assert parse_size(text, "body_bytes") == HttpLimits(body_bytes=text).body_bytes == size


@given(st.integers(1, 1 << 30))
def test_any_number_of_bytes_reads_as_itself(size):
    assert parse_size(str(size), "x") == parse_size(f"{size}B", "x") == size
    assert parse_size(f"{size}KiB", "x") == 1024 * size


WRONG = [
    (lambda: HttpOptions(timeout=0), "timeout: expected a duration above 0, found 0"),
    (lambda: HttpOptions(timeout="soon"), "timeout: expected a duration such as"),
    (lambda: HttpOptions(redirects=-1), "redirects: expected a whole number from 0 to 1,000,000, found -1"),
    (lambda: HttpOptions(redirects=True), "redirects: expected a whole number from 0 to 1,000,000, found True"),
    (lambda: HttpOptions(batch=0), "batch: expected a whole number from 1 to 1,000,000, found 0"),
    (lambda: HttpOptions(batch_per_host=0), "batch_per_host: expected a whole number from 1 to 1,000,000, found 0"),
    (lambda: HttpOptions(keep_cookies=1), "keep_cookies: expected True or False, found 1"),
    (lambda: HttpOptions(discard_bodies="yes"), "discard_bodies: expected True or False, found 'yes'"),
    (lambda: HttpOptions(connections="no"), 'connections: expected "keep", "iteration" or "request", found \'no\''),
    (lambda: HttpOptions(connections=None), 'connections: expected "keep", "iteration" or "request", found None'),
    (lambda: HttpOptions(user_agent="a\r\nb: c"), "user_agent: expected a text of one line, found 'a\\r\\nb: c'"),
    (lambda: HttpOptions(headers=["a"]), "headers: expected a mapping of texts, found ['a']"),
    (lambda: HttpOptions(headers={"a": 1}), "headers: expected a mapping of texts, found {'a': 1}"),
    (lambda: HttpOptions(headers={"a b": "c"}), "headers: expected a field name that is a token"),
    (lambda: HttpOptions(headers={"a": "\N{EURO SIGN}"}), "headers: expected Latin-1 text for 'a'"),
    (lambda: HttpOptions(user_agent="\N{EURO SIGN}"), "headers: expected Latin-1 text for 'User-Agent'"),
    (lambda: HttpOptions(limits={}), "limits: expected HttpLimits(...), found {}"),
    (lambda: HttpOptions(tls=None), "tls: expected TLS(...), found None"),
    (lambda: HttpOptions(dns="5m"), "dns: expected DNS(...), found '5m'"),
    (lambda: HttpOptions(hosts={"a": ""}), "hosts: expected a mapping of texts, found {'a': ''}"),
    (lambda: HttpOptions(hosts={"a/b": "c"}), "hosts: expected hosts such as"),
    (
        lambda: HttpOptions(hosts={"a": "b c"}),
        'hosts: \'a\': expected "host", "host:port" or "unix:/path", found \'b c\'',
    ),
    (lambda: HttpOptions(local_addresses=[1]), "local_addresses: expected a text or a list of texts, found [1]"),
    (lambda: HttpOptions(local_addresses="localhost"), "local_addresses: expected an IP address, a range such as"),
    (lambda: HttpOptions(no_proxy="a"), "no_proxy: expected proxy beside it, found none; no_proxy is a"),
    (lambda: HttpOptions(proxy="http://p", no_proxy="a*"), "no_proxy: expected a host name,"),
    (lambda: HttpOptions(proxy="socks5://p"), "proxy: expected a URL such as http://user:password@proxy.example.com"),
    (lambda: HttpLimits(head_bytes=0), "head_bytes: expected bytes, from 1 to 1,099,511,627,776, or a size such as"),
    (lambda: HttpLimits(body_bytes=1.5), "body_bytes: expected bytes, from 0 to"),
    (lambda: HttpLimits(body_bytes="1MiBB"), "found '1MiBB'"),
    (lambda: HttpLimits(body_bytes="1iB"), "found '1iB'"),
    (lambda: HttpLimits(body_bytes=True), "found True"),
    (lambda: HttpLimits(headers=0), "headers: expected a whole number from 1 to 1,000,000, found 0"),
    (lambda: HttpLimits(heads=0), "HttpLimits: expected head_bytes, line_bytes, headers, interim, "),
    (lambda: TLS(ca=5), 'ca: expected a path such as "ca.pem", found 5'),
    (lambda: TLS(cert=""), "cert: expected a path such as \"ca.pem\", found ''"),
    (lambda: TLS(key="k"), "key: expected cert beside it, the certificate that the key is for, found none"),
    (lambda: TLS(password="p"), "password: expected cert beside it, whose key is encrypted, found none"),
    (lambda: TLS(cert="c", password=5), "password: expected a text, found int"),
    (lambda: TLS(min_version="1.4"), 'min_version: expected "1.0", "1.1", "1.2" or "1.3", found \'1.4\''),
    (lambda: TLS(min_version=1.2), 'min_version: expected "1.0", "1.1", "1.2" or "1.3", found 1.2'),
    (
        lambda: TLS(min_version="1.3", max_version="1.2"),
        "min_version: expected at most max_version ('1.2'), found '1.3'",
    ),
    (lambda: TLS(ciphers=""), "ciphers: expected a text such as \"ECDHE+AESGCM\", found ''"),
    (lambda: TLS(verify=None), "verify: expected True or False, found None"),
    (lambda: TLS(resume=1), "resume: expected True or False, found 1"),
    (lambda: TLS(insecure=True), "TLS: expected ca, cert, key, password, min_version, max_version, ciphers, verify, "),
    (lambda: DNS(ttl="never"), "ttl: expected a duration such as"),
    (lambda: DNS(ttl=-1), "ttl: expected a duration such as"),
    (lambda: DNS(families="4 and 6"), 'families: expected "any", "4", "6", "prefer 4" or "prefer 6", found'),
    (lambda: DNS(families=4), 'families: expected "any", "4", "6", "prefer 4" or "prefer 6", found 4'),
    (lambda: DNS(choose="random"), 'choose: expected "round robin" or "first", found \'random\''),
    (lambda: DNS(tttl=1), "DNS: expected ttl, families, choose; found 'tttl'; did you mean \"ttl\"?"),
]


@pytest.mark.parametrize(("make", "message"), WRONG)
def test_says_what_was_expected(make, message):
    with pytest.raises(OptionError) as caught:
        make()
    assert message in str(caught.value)


def test_passwords_are_not_shown():
    with pytest.raises(OptionError) as caught:
        HttpOptions(proxy="https://me:secret@proxy:1")
    assert "secret" not in str(caught.value)
    options = HttpOptions(
        proxy="http://me:secret@p", headers={"Authorization": "secret"}, tls=TLS(cert="c", password="secret")
    )
    assert "secret" not in repr(options)
    assert "c2VjcmV0" not in repr(parse_proxy("http://:secret@p"))


def test_files_are_found_from_a_folder():
    tls = TLS(ca="ca.pem", cert=Path("own/cert.pem"), key="/etc/key.pem")
    found = HttpOptions(tls=tls, redirects=3).found_from(Path("/scripts"))
    assert found == HttpOptions(
        tls=TLS(ca=Path("/scripts/ca.pem"), cert=Path("/scripts/own/cert.pem"), key=Path("/etc/key.pem")), redirects=3
    )
    assert HttpOptions().found_from(Path("/scripts")) == HttpOptions()


def test_what_differs():
    assert changed(HttpOptions(), HttpOptions()) == {}
    options = HttpOptions(redirects=0, tls=TLS(resume=True), limits=HttpLimits(interim=0), hosts={"a": "b"})
    expected = {"redirects": 0, "tls.resume": True, "limits.interim": 0, "hosts": {"a": "b"}}
    assert changed(options, HttpOptions()) == expected
    assert changed(HttpOptions().insecure(), HttpOptions()) == {"tls.verify": False}


# Hosts and ports


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("api.example.com", ("api.example.com", None)),
        ("api.example.com:8443", ("api.example.com", 8443)),
        ("127.0.0.1", ("127.0.0.1", None)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("::1", ("::1", None)),
        ("[::1]", ("::1", None)),
        ("[::1]:65535", ("::1", 65535)),
        ("", None),
        (":80", None),
        ("a:", None),
        ("a:0", None),
        ("a:65536", None),
        ("a:x", None),
        ("a:²", None),
        ("a:b:c", None),
        ("[a]:1", None),
        ("[]", None),
        ("http://a", None),
        ("a b", None),
        ("user@a", None),
    ],
)
def test_hosts_with_ports(text, parts):
    assert split_port(text) == parts


def test_places():
    assert parse_place("a:1", "x") == Place("a", 1)
    assert parse_place("::1", "x") == Place("::1")
    assert parse_place("unix:/run/app.sock", "x") == Place("", path="/run/app.sock")
    assert parse_place("unix:" + "a" * 107, "x").path == "a" * 107


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unix:", "x: expected a path, such as \"unix:/run/app.sock\", found ''"),
        ("unix:a\0b", "x: expected a path, such as"),
        (
            "unix:" + "ä" * 54,
            "x: expected a path of at most 107 bytes, which is what a socket's address holds, found 108",
        ),
        ("*.example.com", 'x: expected "host", "host:port" or "unix:/path", found \'*.example.com\''),
        (5, 'x: expected "host", "host:port" or "unix:/path", found 5'),
    ],
)
def test_no_places(text, message):
    with pytest.raises(OptionError) as caught:
        parse_place(text, "x")
    assert message in str(caught.value)


OVERRIDES = HostOverrides(
    {
        "api.example.com": "1.1.1.1",
        "API.example.com:8443": "2.2.2.2:2",
        "*.example.com": "3.3.3.3",
        "*.example.com:81": "4.4.4.4",
        "*.eu.example.com": "5.5.5.5",
        "[::1]:80": "6.6.6.6",
        "docker": "unix:/run/docker.sock",
    }
)


@pytest.mark.parametrize(
    ("host", "port", "place"),
    [
        ("api.example.com", 80, Place("1.1.1.1")),
        ("api.example.com", 81, Place("1.1.1.1")),
        ("api.example.com", 8443, Place("2.2.2.2", 2)),
        ("www.example.com", 80, Place("3.3.3.3")),
        ("www.example.com", 81, Place("4.4.4.4")),
        ("deep.below.example.com", 80, Place("3.3.3.3")),
        ("www.eu.example.com", 81, Place("5.5.5.5")),
        ("example.com", 80, None),
        ("notexample.com", 80, None),
        ("::1", 80, Place("6.6.6.6")),
        ("::1", 81, None),
        ("docker", 80, Place("", path="/run/docker.sock")),
    ],
)
def test_the_most_exact_override_counts(host, port, place):
    assert OVERRIDES.find(host, port) == place


@pytest.mark.parametrize("text", ["*", "a.*", "*a.com", "*.*.com", "a:0", "http://a", "*."])
def test_no_patterns(text):
    with pytest.raises(OptionError, match="hosts: expected hosts such as"):
        HostOverrides({text: "127.0.0.1"})


# Local addresses


def hosts(*texts):
    return [
        socket.inet_ntop(family, packed[4:8] if family == socket.AF_INET else packed[8:24])
        for family, packed in local_addresses(texts)
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], []),
        (["10.0.0.1"], ["10.0.0.1"]),
        (["10.0.0.254-10.0.1.1"], ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]),
        ([" 10.0.0.1 - 10.0.0.2 ", "::1"], ["10.0.0.1", "10.0.0.2", "::1"]),
        (["10.0.0.0/30"], ["10.0.0.1", "10.0.0.2"]),
        (["10.0.0.5/30"], ["10.0.0.5", "10.0.0.6"]),
        (["10.0.0.4/31"], ["10.0.0.4", "10.0.0.5"]),
        (["10.0.0.4/32"], ["10.0.0.4"]),
        (["fd00::/126"], ["fd00::", "fd00::1", "fd00::2", "fd00::3"]),
        (["fd00::fffe-fd00::1:1"], ["fd00::fffe", "fd00::ffff", "fd00::1:0", "fd00::1:1"]),
    ],
)
def test_local_addresses(texts, expected):
    assert hosts(*texts) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "10.0.0",
        "10.0.0.2-10.0.0.1",
        "10.0.0.1-::1",
        "10.0.0.1-",
        "10.0.0.0/33",
        "fe80::1%lo",
        "1-2-3",
        "0/0/0",
    ],
)
def test_no_local_addresses(text):
    with pytest.raises(OptionError, match="expected an IP address, a range such as"):
        local_addresses([text])


def test_local_addresses_have_a_limit():
    assert len(local_addresses(["10.0.0.0-10.0.255.255"])) == MOST_LOCAL_ADDRESSES
    for texts in (["10.0.0.0-10.1.0.0"], ["fd00::/64"], ["10.0.0.0-10.0.255.255", "::1"]):
        with pytest.raises(OptionError, match=r"expected at most 65,536 in all, found more with "):
            local_addresses(texts)


def test_local_addresses_are_of_this_machine():
    refuse_foreign(local_addresses(["127.0.0.1", "127.0.0.2"]))
    with pytest.raises(OptionError, match=r"expected addresses of this machine, found 192\.0\.2\.1: Cannot assign"):
        refuse_foreign(local_addresses(["127.0.0.1", "192.0.2.1"]))


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_addresses_are_packed_as_the_system_packs_them(family, host):
    ((_, unbound),) = local_addresses([host])
    _, packed = pack_address(family, (host, 8443) if family == socket.AF_INET else (host, 8443, 0, 0))
    assert struct.unpack("=H", packed[:2]) == struct.unpack("=H", unbound[:2]) == (family,)
    assert (struct.unpack("!H", packed[2:4]), struct.unpack("!H", unbound[2:4])) == ((8443,), (0,))
    assert packed[4:] == unbound[4:]
    assert len(packed) == {socket.AF_INET: 16, socket.AF_INET6: 28}[family]


def test_unix_sockets_are_packed():
    assert pack_unix("/a") == (socket.AF_UNIX, struct.pack("=H", socket.AF_UNIX) + b"/a\0")
    assert pack_address(socket.AF_UNIX, ("/a",)) is None


# Proxies


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://proxy:3128", Proxy("proxy", 3128)),
        ("HTTP://Proxy/", Proxy("proxy", 80)),
        ("http://[::1]:1", Proxy("::1", 1)),
        ("http://Aladdin:open%20sesame@p", Proxy("p", 80, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
        ("http://me:a:b@p", Proxy("p", 80, "Basic bWU6YTpi")),
        ("http://me:a@b@p", Proxy("p", 80, "Basic bWU6YUBi")),
        ("http://me@p", Proxy("p", 80, "Basic bWU6")),
    ],
)
def test_proxies(url, proxy):
    assert parse_proxy(url) == proxy


@pytest.mark.parametrize(
    "url", [None, "", "proxy:3128", "https://p", "socks5://p", "http://", "http://p/x", "http://p:x", "http://p?q=1"]
)
def test_no_proxies(url):
    with pytest.raises(OptionError, match="proxy: expected a URL such as"):
        parse_proxy(url)


def test_what_is_said_for_a_tunnel():
    assert Proxy("p", 80).tunnel("a.test", 443, "surgeline") == (
        b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nUser-Agent: surgeline\r\n\r\n"
    )
    assert Proxy("p", 80, "Basic eDp5").tunnel("::1", 8443, "") == (
        b"CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\nProxy-Authorization: Basic eDp5\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        ("*", ["a", "127.0.0.1", "::1"], []),
        ("a.test", ["a.test"], ["b.a.test", "a.test.b", "a"]),
        ("A.Test", ["a.test"], []),
        (".a.test", ["b.a.test", "c.b.a.test"], ["a.test", "ba.test"]),
        ("127.0.0.1", ["127.0.0.1"], ["127.0.0.2"]),
        ("[::1]", ["::1", "0:0::1"], ["::2"]),
        ("10.0.0.0/8", ["10.1.2.3"], ["11.0.0.1", "::1", "10.test"]),
        ("fd00::/8", ["fd12::1"], ["fe00::1", "10.0.0.1"]),
    ],
)
def test_hosts_without_the_proxy(entry, inside, outside):
    direct = DirectHosts([entry])
    assert [host for host in inside + outside if host in direct] == inside
    assert "a" not in DirectHosts([])


@pytest.mark.parametrize("entry", ["", " ", "*.a.test", "a b", "a:80", "10.0.0.0/33", "a/b", "http://a"])
def test_no_hosts_without_the_proxy(entry):
    with pytest.raises(OptionError, match="no_proxy: expected a host name"):
        DirectHosts([entry])
