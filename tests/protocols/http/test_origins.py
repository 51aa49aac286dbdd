"""Where connections go: looked up, given another place, through a proxy, and from which address."""

import asyncio
import socket
import ssl

import pytest
import trustme
from http_lab import Peer, answering, assert_one_failure, free_port, ok, play, silence, turns
from options_lab import Names, ServerAt, client

from surgeline._native.iteration import UserState
from surgeline.protocols.http import origins as origins_module
from surgeline.protocols.http.addresses import local_addresses, pack_literal, pack_unix
from surgeline.protocols.http.options import DNS, TLS, HttpOptions
from surgeline.protocols.http.origins import Origins
from surgeline.protocols.http.proxies import Proxy

NOW = 1_000
SECOND = 1_000_000_000


class StandIn:
    """Takes what an origin is made of, and what its look-ups come to."""

    def __init__(self, scheme, host, port, tls, resolve, *, via=None, tunnel=None, sources=(), rotate=True):
        self.scheme, self.host, self.port, self.tls, self.resolve = scheme, host, port, tls, resolve
        self.via, self.tunnel, self.sources, self.rotate = via, tunnel, sources, rotate
        self.found = []

    def resolved(self, addresses, until_ns=0):
        self.found.append((addresses, until_ns))

    def unresolved(self, reason):
        self.found.append(reason)


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setattr(origins_module, "Origin", StandIn)
    monkeypatch.setattr(origins_module, "now_ns", lambda: NOW)


def looked_up(options, *where, **names):
    """Return what looking up an origin comes to, and what was asked for it."""

    async def look_up():
        resolver = Names(**names)
        resolver.install()
        origin = Origins(asyncio.get_running_loop(), options).get(*where)
        origin.resolve(origin)
        await turns()
        (found,) = origin.found
        return found, resolver.asked

    return asyncio.run(look_up())


def packed(*hosts, port=80):
    return [pack_literal(host, port) for host in hosts]


@pytest.mark.usefixtures("stand_in")
class TestLookUps:
    @pytest.mark.parametrize(
        ("ttl", "until_ns"),
        [("5m", NOW + 300 * SECOND), (0.5, NOW + SECOND // 2), (0, NOW), (None, 0), ("forever", 0)],
    )
    def test_how_long_they_are_used(self, ttl, until_ns):
        options = HttpOptions(dns=DNS(ttl=ttl))
        found, asked = looked_up(options, "http", "a.test", 80, a_test=["127.0.0.1", "::1"])
        assert found == (packed("127.0.0.1", "::1"), until_ns)
        assert asked == [("a.test", 80, socket.AF_UNSPEC)]

    @pytest.mark.parametrize(
        ("families", "hosts", "asked", "expected"),
        [
            ("any", ["::1", "127.0.0.1"], socket.AF_UNSPEC, ["::1", "127.0.0.1"]),
            ("4", ["::1", "127.0.0.1"], socket.AF_INET, ["127.0.0.1"]),
            ("6", ["127.0.0.1", "::1"], socket.AF_INET6, ["::1"]),
            ("prefer 4", ["::1", "127.0.0.1", "::2", "127.0.0.2"], socket.AF_UNSPEC, ["127.0.0.1", "127.0.0.2"]),
            ("prefer 4", ["::1"], socket.AF_UNSPEC, ["::1"]),
            ("prefer 6", ["127.0.0.1", "::1"], socket.AF_UNSPEC, ["::1"]),
            ("prefer 6", ["127.0.0.2", "127.0.0.1"], socket.AF_UNSPEC, ["127.0.0.2", "127.0.0.1"]),
        ],
    )
    def test_families(self, families, hosts, asked, expected):
        options = HttpOptions(dns=DNS(ttl=None, families=families))
        found, questions = looked_up(options, "http", "a.test", 80, a_test=hosts)
        assert found == (packed(*expected), 0)
        assert questions == [("a.test", 80, asked)]

    def test_a_name_that_is_none(self):
        found, _ = looked_up(HttpOptions(), "http", "b.test", 80)
        assert isinstance(found, socket.gaierror)
        found, _ = looked_up(HttpOptions(dns=DNS(families="6")), "http", "a.test", 80, a_test=["127.0.0.1"])
        assert str(found) == "[Errno -2] no address of a family that can be used"

    @pytest.mark.parametrize("families", ["any", "6"])
    def test_an_address_is_not_looked_up(self, families):
        options = HttpOptions(dns=DNS(families=families))
        assert looked_up(options, "http", "127.0.0.1", 81) == ((packed("127.0.0.1", port=81), 0), [])

    @pytest.mark.parametrize(
        ("place", "found", "asked"),
        [
            ("127.0.0.9", (packed("127.0.0.9"), 0), []),
            ("127.0.0.9:81", (packed("127.0.0.9", port=81), 0), []),
            ("[::1]:81", (packed("::1", port=81), 0), []),
            ("unix:/run/app.sock", ([pack_unix("/run/app.sock")], 0), []),
            ("b.test", (packed("127.0.0.5"), 0), [("b.test", 80, 0)]),
            ("b.test:81", (packed("127.0.0.5", port=81), 0), [("b.test", 81, 0)]),
        ],
    )
    def test_another_place(self, place, found, asked):
        options = HttpOptions(hosts={"a.test": place}, dns=DNS(ttl=None))
        assert looked_up(options, "http", "a.test", 80, b_test=["127.0.0.5"]) == (found, asked)


def made(options, *where):
    """Return an origin, and through which proxy its requests go in absolute form."""
    origins = Origins(asyncio.new_event_loop(), options)
    try:
        return origins.get(*where), origins.through_proxy(*where)
    finally:
        origins._loop.close()


@pytest.mark.usefixtures("stand_in")
class TestWhatOriginsAreMadeOf:
    def test_without_options(self):
        origin, proxy = made(HttpOptions(), "http", "a.test", 80)
        assert (origin.scheme, origin.host, origin.port, origin.tls) == ("http", "a.test", 80, None)
        assert (origin.tunnel, origin.sources, origin.rotate, proxy) == (None, [], True, None)

    def test_the_order_and_where_connections_come_from(self):
        options = HttpOptions(dns=DNS(choose="first"), local_addresses=["127.0.0.2-127.0.0.4", "::1"])
        origin, _ = made(options, "http", "a.test", 80)
        assert origin.rotate is False
        assert origin.sources == local_addresses(["127.0.0.2", "127.0.0.3", "127.0.0.4", "::1"])

    def test_one_of_each_kind_and_one_context_of_all(self):
        origins = Origins(None, HttpOptions())
        first, second = origins.get("https", "a.test", 443), origins.get("https", "b.test", 443)
        assert first is origins.get("https", "a.test", 443)
        assert (
            len({id(one) for one in (first, origins.get("http", "a.test", 443), origins.get("https", "a.test", 1))})
            == 3
        )
        assert first.tls is second.tls is not None

    def test_prepared(self):
        origins = Origins(None)
        origins.prepare("https://a.test/x")
        assert list(origins._origins) == [("https", "a.test", 443)]

    def test_proxies(self):
        proxy = Proxy("127.0.0.3", 3128, "Basic eDp5")
        options = HttpOptions(
            proxy="http://x:y@127.0.0.3:3128", no_proxy=[".internal"], hosts={"given.test": "127.0.0.9"}
        )
        origin, through = made(options, "http", "a.test", 80)
        assert (origin.tunnel, through) == (None, proxy)
        origin, through = made(options, "https", "a.test", 8443)
        assert (origin.tunnel, through) == (proxy.tunnel("a.test", 8443, "surgeline"), None)
        assert b"\r\nProxy-Authorization: Basic eDp5\r\n" in origin.tunnel
        for host in ("b.internal", "given.test"):
            origin, through = made(options, "http", host, 80)
            assert (origin.tunnel, through) == (None, None)
            origin, through = made(options, "https", host, 80)
            assert (origin.tunnel, through) == (None, None)

    def test_where_a_proxy_is(self):
        options = HttpOptions(proxy="http://proxy.test:3128", hosts={"given.test": "127.0.0.9"}, dns=DNS(ttl=None))
        names = {"proxy_test": ["127.0.0.3"], "direct_test": ["127.0.0.4"]}
        for scheme in ("http", "https"):
            found, _ = looked_up(options, scheme, "a.test", 80, **names)
            assert found == (packed("127.0.0.3", port=3128), 0)
        assert looked_up(options, "http", "given.test", 80, **names)[0] == (packed("127.0.0.9"), 0)
        moved = HttpOptions(proxy="http://proxy.test:3128", hosts={"proxy.test": "127.0.0.8:1"})
        assert looked_up(moved, "http", "a.test", 80)[0] == (packed("127.0.0.8", port=1), 0)
        direct = HttpOptions(proxy="http://proxy.test:3128", no_proxy="direct.test", dns=DNS(ttl=None))
        assert looked_up(direct, "http", "direct.test", 80, **names)[0] == (packed("127.0.0.4"), 0)

    def test_the_environment_says_nothing(self, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        for scheme in ("http", "https"):
            origin, through = made(HttpOptions(), scheme, "a.test", 80)
            assert (origin.tunnel, through) == (None, None)


# Real connections


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusting(authority, tmp_path):
    """TLS that trusts the authority."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return TLS(ca=tmp_path / "ca.pem")


def server_tls(authority, *hosts):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return context


def request_lines(server):
    """Return (request line, Host field) of each request."""
    heads = [request.split(b"\r\n") for request in server.requests]
    return [(lines[0], next(line for line in lines if line.lower().startswith(b"host:"))) for lines in heads]


def test_a_host_with_another_place():
    async def scene(lab):
        options = HttpOptions(hosts={"*.test": f"127.0.0.1:{lab.server.port}"})
        lab.http = client(lab, options)
        answers = [await lab.http.get(url) for url in ("http://a.test/x", "http://b.test:81/", "http://a.test/y")]
        assert [one.body for one in answers] == [b"answer"] * 3
        assert [one.url for one in answers] == ["http://a.test/x", "http://b.test:81/", "http://a.test/y"]
        return request_lines(lab.server), lab.server.connections

    requests, connections = play(answering(ok(b"answer")), scene)
    assert requests == [
        (b"GET /x HTTP/1.1", b"Host: a.test"),
        (b"GET / HTTP/1.1", b"Host: b.test:81"),
        (b"GET /y HTTP/1.1", b"Host: a.test"),
    ]
    assert connections == 2


def test_the_name_that_tls_asks_for_stays_the_urls(authority, trusting):
    asked_for = []
    tls = server_tls(authority, "a.test")
    tls.sni_callback = lambda _, name, __: asked_for.append(name)

    async def scene(lab):
        lab.http = client(lab, HttpOptions(tls=trusting, hosts={"*.test": f"127.0.0.1:{lab.server.port}"}))
        return await lab.http.get("https://a.test/"), await lab.http.get("https://b.test/")

    good, other = play(answering(ok(b"answer")), scene, tls=tls)
    assert good.body == b"answer"
    assert (other.error_code, asked_for) == (1311, ["a.test", "b.test"])


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_unix_socket(authority, trusting, tmp_path, scheme):
    path = str(tmp_path / "socket")
    tls = server_tls(authority, "docker") if scheme == "https" else None

    async def scene(lab):
        async with ServerAt(answering(ok(b"local")), tls, path=path) as server:
            bodies = [(await lab.http.get(f"{scheme}://docker/containers")).body for _ in range(3)]
            lab.http.close()
            return bodies, request_lines(server), server.connections

    options = HttpOptions(tls=trusting, hosts={"docker": f"unix:{path}"}, local_addresses=["127.0.0.2"])
    bodies, requests, connections = play(None, scene, options=options)
    assert bodies == [b"local"] * 3
    assert requests == [(b"GET /containers HTTP/1.1", b"Host: docker")] * 3
    assert connections == 1


def test_a_unix_socket_that_is_not_there(tmp_path):
    async def scene(lab):
        return await lab.http.get("http://docker/")

    response = play(None, scene, options=HttpOptions(hosts={"docker": f"unix:{tmp_path}/none"}))
    assert response.status == 0
    assert "No such file" in response.error


# Where they come from


async def names_its_peer(peer: Peer):
    host, *_ = peer.writer.get_extra_info("peername")
    while await peer.request():
        await peer.send(ok(host.encode(), "Connection: close"))


def user(number):
    state = UserState()
    state.id = number
    return state


def test_local_addresses_are_shared_out_among_the_users():
    async def scene(lab):
        http = [client(lab, LOCAL, user(number)) for number in (1, 2, 3, 4)]
        bodies = [[(await one.get("/")).body for _ in range(2)] for one in http]
        for one in http:
            one.close()
        return bodies

    bodies = play(names_its_peer, scene)
    assert all(first == second for first, second in bodies)
    assert [first for first, _ in bodies[:3]] != [bodies[0][0]] * 3
    assert {first for first, _ in bodies} == {b"127.0.0.2", b"127.0.0.3", b"127.0.0.4"}
    assert bodies[0] == bodies[3]


LOCAL = HttpOptions(local_addresses=["127.0.0.2-127.0.0.4"])


def test_a_local_address_of_the_other_family_is_left_out():
    async def scene(lab):
        return (await lab.http.get("/")).body

    options = HttpOptions(local_addresses=["::1", "127.0.0.5"])
    assert play(names_its_peer, scene, options=options) == b"127.0.0.5"


# Names over time


async def names_itself(peer: Peer):
    host, *_ = peer.writer.get_extra_info("sockname")
    while await peer.request():
        await peer.send(ok(host.encode(), "Connection: close"))


def asks(options, count, change=None, hosts=("127.0.0.1", "127.0.0.2")):
    """Return which servers answered a name's requests, each on a connection of its own, and how often it was asked."""

    async def scene(lab):
        resolver = Names(a_test=list(hosts))
        resolver.install()
        async with ServerAt(names_itself, host="127.0.0.2", port=lab.server.port):
            answers = []
            for number in range(count):
                if change is not None and number in change:
                    resolver.names["a.test"] = change[number]
                answers.append((await lab.http.get(f"http://a.test:{lab.server.port}/")).body.decode())
                await turns()
            lab.http.close()
            return answers, len(resolver.asked)

    return play(names_itself, scene, options=options)


def test_round_robin():
    answers, asked = asks(HttpOptions(), 5)
    assert answers == [f"127.0.0.{number}" for number in (1, 2, 1, 2, 1)]
    assert asked == 1


def test_the_first():
    answers, asked = asks(HttpOptions(dns=DNS(choose="first")), 3)
    assert (answers, asked) == (["127.0.0.1"] * 3, 1)


def test_each_connection_waits_for_a_look_up_of_its_own():
    options = HttpOptions(dns=DNS(ttl=0, choose="first"))
    answers, asked = asks(options, 4, {2: ["127.0.0.2"]}, hosts=["127.0.0.1"])
    assert answers == [f"127.0.0.{number}" for number in (1, 1, 2, 2)]
    assert asked == 4


def test_a_name_that_moves_is_followed_when_its_time_is_over():
    async def scene(lab):
        resolver = Names(a_test=["127.0.0.1"])
        resolver.install()
        async with ServerAt(names_itself, host="127.0.0.2", port=lab.server.port):
            url = f"http://a.test:{lab.server.port}/"
            first = (await lab.http.get(url)).body
            resolver.names["a.test"] = ["127.0.0.2"]
            while (await lab.http.get(url)).body == first:  # the lab's patience has an end
                await turns()
            lab.http.close()
            return first, len(resolver.asked)

    first, asked = play(names_itself, scene, options=HttpOptions(dns=DNS(ttl="10ms")))
    assert first == b"127.0.0.1"
    assert asked > 1


@pytest.mark.parametrize("ttl", [None, "1h"])
def test_a_name_is_not_looked_up_before_its_time(ttl):
    answers, asked = asks(HttpOptions(dns=DNS(ttl=ttl)), 4, {1: ["127.0.0.2"]}, hosts=["127.0.0.1"])
    assert (answers, asked) == (["127.0.0.1"] * 4, 1)


# Proxies


def field(request, name):
    """Return the values of a field in a request's head."""
    lines = [line.partition(b": ") for line in request.split(b"\r\n")[1:]]
    return [value for found, _, value in lines if found.lower() == name]


@pytest.mark.parametrize(("login", "authorization"), [("", []), ("me:secret@", [b"Basic bWU6c2VjcmV0"])])
def test_a_plain_request_is_sent_to_the_proxy_in_absolute_form(login, authorization):
    async def scene(lab):
        lab.http = client(lab, HttpOptions(proxy=f"http://{login}127.0.0.1:{lab.server.port}"))
        for url in ("http://a.test/x?y=1", "http://b.test:81", "http://[::1]/"):
            assert (await lab.http.get(url)).body == b"answer"
        assert (await lab.http.post("http://a.test/x", data="body")).url == "http://a.test/x"
        return lab.server.requests

    requests = play(answering(ok(b"answer")), scene)
    assert [(one.split(b"\r\n")[0], *field(one, b"host")) for one in requests] == [
        (b"GET http://a.test/x?y=1 HTTP/1.1", b"a.test"),
        (b"GET http://b.test:81/ HTTP/1.1", b"b.test:81"),
        (b"GET http://[::1]/ HTTP/1.1", b"[::1]"),
        (b"POST http://a.test/x HTTP/1.1", b"a.test"),
    ]
    assert [field(one, b"proxy-authorization") for one in requests] == [authorization] * 4
    lines = [b"GET http://a.test/x?y=1 HTTP/1.1", b"Host: a.test"]
    lines += [b"Proxy-Authorization: " + value for value in authorization]
    assert requests[0] == b"\r\n".join([*lines, b"User-Agent: surgeline", b"Accept: */*", b"", b""])
    assert requests[3].endswith(b"\r\n\r\nbody")


def test_without_the_proxy():
    async def scene(lab):
        proxy = f"http://me:secret@127.0.0.1:{free_port()}"
        lab.http = client(lab, HttpOptions(proxy=proxy, no_proxy=["127.0.0.0/8"]))
        assert (await lab.http.get("/x")).body == b"answer"
        return lab.server.requests

    (request,) = play(answering(ok(b"answer")), scene)
    assert request.startswith(b"GET /x HTTP/1.1\r\n")
    assert field(request, b"proxy-authorization") == []


def tunnelling(port, answer=b"HTTP/1.1 200 Connection established\r\n\r\n"):
    """A proxy that answers a CONNECT and then passes on what both ends say."""

    async def handler(peer: Peer):
        await peer.request()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await peer.send(answer)
        back = asyncio.create_task(pass_on(reader, peer.writer))
        await pass_on(peer.reader, writer)
        await back

    return handler


async def pass_on(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 Connection established\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nVia: a proxy\r\nContent-Length: 1000\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Fine\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_https_goes_through_a_tunnel(authority, trusting, answer):
    async def scene(lab):
        async with ServerAt(tunnelling(lab.server.port, answer)) as proxy:
            options = HttpOptions(tls=trusting, proxy=f"http://me:secret@127.0.0.1:{proxy.port}")
            lab.http = client(lab, options)
            answers = [await lab.http.get("https://a.test/x") for _ in range(2)]
            lab.http.close()
            await turns(20)
            return answers, proxy.requests, lab.server

    tls = server_tls(authority, "a.test")
    answers, asked_for, server = play(answering(ok(b"safe")), scene, tls=tls)
    assert [one.body for one in answers] == [b"safe"] * 2, answers[0].error
    assert asked_for == [
        b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nUser-Agent: surgeline\r\n"
        b"Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
    ]
    assert [one.split(b"\r\n")[0] for one in server.requests] == [b"GET /x HTTP/1.1"] * 2
    assert field(server.requests[0], b"proxy-authorization") == []
    assert server.connections == 1


async def closes(peer: Peer):
    await peer.request()
    await peer.close()


async def resets(peer: Peer):
    await peer.request()
    peer.reset()


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (
            answering(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
            "the proxy refused a connection: 407 Proxy Authentication Required",
        ),
        (
            answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nnever"),
            "the proxy refused a connection: 403 Forbidden",
        ),
        (
            answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"),
            "the proxy refused a connection: 302 Found",
        ),
        (answering(b"SSH-2.0-OpenSSH_9.6\r\n"), "the proxy gave no connection: not an HTTP/1.x status line"),
        (answering(b"HTTP/1.1 200 OK\r\n\r\nmore"), "the proxy gave no connection: bytes that nobody asked for"),
        (closes, "the proxy gave no connection: the proxy closed the connection"),
        (resets, "the proxy gave no connection: Connection reset by peer"),
    ],
)
def test_a_proxy_that_opens_no_tunnel(handler, error):
    async def scene(lab):
        lab.http = client(lab, HttpOptions(proxy=f"http://me:secret@127.0.0.1:{lab.server.port}"))
        response = await lab.http.get("https://a.test/x")
        await assert_one_failure(lab, response, 1720)
        assert lab.user.connect_failures == 1
        return response.error

    assert play(handler, scene) == error


def test_a_proxy_that_says_nothing():
    async def scene(lab):
        lab.http = client(lab, HttpOptions(proxy=f"http://127.0.0.1:{lab.server.port}"))
        response = await lab.http.get("https://a.test/x", timeout=0.02)
        await assert_one_failure(lab, response, 1720)
        return response.error

    assert play(silence, scene) == "the proxy gave no connection: timed out"


def test_a_plain_request_that_the_proxy_refuses_is_answered():
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"

    async def scene(lab):
        lab.http = client(lab, HttpOptions(proxy=f"http://127.0.0.1:{lab.server.port}"))
        response = await lab.http.get("http://a.test/x")
        return response.status, response.error_code

    assert play(answering(refusal), scene) == (407, 1407)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(scheme):
    async def scene(lab):
        return await lab.http.get(f"{scheme}://a.test/")

    proxy = f"127.0.0.1:{free_port()}"
    response = play(None, scene, options=HttpOptions(proxy=f"http://{proxy}"))
    assert (response.status, response.error_code) == (0, 1720)
    assert response.error == f"the proxy {proxy} let nobody connect: connection refused"


def test_the_real_server_is_verified_through_a_tunnel(authority, trusting):
    async def scene(lab):
        async with ServerAt(tunnelling(lab.server.port)) as proxy:
            lab.http = client(lab, HttpOptions(tls=trusting, proxy=f"http://127.0.0.1:{proxy.port}"))
            response = await lab.http.get("https://a.test/x")
            await turns(20)
            return response.error_code, lab.server.requests

    assert play(answering(ok()), scene, tls=server_tls(authority, "b.test")) == (1311, [])
