"""Asking an origin, over real sockets: what answers is told, and what is in the way, with what to do about it."""

import socket
import ssl

import pytest
import trustme
from doctor_support import free_port, service, serving

from surgeline.doctor.asking import ask
from surgeline.doctor.origins import Origin
from surgeline.protocols.http.options import DNS, TLS, HttpOptions
from surgeline.protocols.http.url import parse_url

PATIENCE = 30.0
IMPATIENCE = 0.3


def asked(url, http=None, seconds=PATIENCE):
    return ask(Origin(parse_url(url), "test"), http or HttpOptions(), seconds)


def head(peer):
    """Read a request's head."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        piece = peer.recv(65_536)
        if not piece:
            break
        data += piece
    return data


def answering(answer):
    def handle(peer):
        head(peer)
        peer.sendall(answer)

    return handle


def greeting(text):
    """Of a server that speaks first, and reads what is said until the other is gone."""

    def handle(peer):
        peer.sendall(text)
        while peer.recv(65_536):
            pass

    return handle


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def over_tls(context, answer):
    def handle(peer):
        with context.wrap_socket(peer, server_side=True) as secured:
            head(secured)
            secured.sendall(answer)

    return handle


OK = b"HTTP/1.1 200 OK\r\nServer: nginx/1.25\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("status", [200, 301, 404, 500, 503])
def test_any_status_is_an_answer(status):
    with service(status) as server:
        found = asked(f"{server.url}/api/orders")

    assert (found.status, found.trouble, found.is_here) == (status, None, True)
    assert found.server.startswith("BaseHTTP")
    assert found.seconds > 0
    assert server.requests == [("GET", "/api/orders")]


def test_a_closed_port():
    port = free_port()
    found = asked(f"http://127.0.0.1:{port}")

    assert found.trouble == f"nothing listens at 127.0.0.1:{port}: connection refused"
    assert found.remedy == "start the service, or check its port"
    assert found.status is None


def test_a_name_that_nobody_knows():
    found = asked("http://something.invalid")

    assert found.trouble.startswith("the name 'something.invalid' cannot be looked up: ")
    assert (found.address, found.is_here) == (None, False)


@pytest.mark.parametrize(
    ("first", "speaker"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "an SSH server"),
        (b"220 mail.example.com ESMTP Postfix\r\n", "a mail server (SMTP)"),
    ],
)
def test_a_server_that_greets_in_another_protocol(first, speaker):
    with serving(greeting(first)) as port:
        found = asked(f"http://127.0.0.1:{port}")

    assert found.trouble == f"expected an answer in HTTP, found {speaker}"


def test_a_server_that_takes_a_second_line_for_an_attack():
    def redis(peer):
        line = peer.recv(65_536)
        if b"Host:" not in line:
            peer.sendall(b"-ERR wrong number of arguments for 'get' command\r\n")
            while peer.recv(65_536):
                pass

    with serving(redis) as port:
        assert asked(f"http://127.0.0.1:{port}").trouble == "expected an answer in HTTP, found a Redis server"


def test_a_listener_that_says_nothing():
    with serving(greeting(b"")) as port:
        found = asked(f"http://127.0.0.1:{port}", seconds=IMPATIENCE)

    assert found.trouble == "it accepts connections and says nothing for 0.3 s"


def test_a_head_that_never_ends_is_an_answer_all_the_same():
    def endless(peer):
        head(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nX: 1\r\n")
        peer.recv(1)

    with serving(endless) as port:
        assert asked(f"http://127.0.0.1:{port}", seconds=IMPATIENCE).status == 200


def test_a_server_that_hangs_up():
    handlers = [head]

    def after_the_head(peer):
        if handlers:  # who comes once more, to shake hands, is not read
            handlers.pop()(peer)

    with serving(after_the_head) as port:
        assert asked(f"http://127.0.0.1:{port}").trouble == "it closed the connection without an answer"


def test_a_server_of_https_alone_spoken_to_in_plain_text(tls):
    with serving(over_tls(tls, OK)) as port:
        found = asked(f"http://127.0.0.1:{port}")

    assert found.trouble == "this is a TLS server, spoken to in plain text"
    assert found.remedy == f"write https:// instead of http:// for 127.0.0.1:{port}"


@pytest.mark.parametrize(
    "answer",
    [
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 62\r\n\r\n"
        b"<title>400 The plain HTTP request was sent to HTTPS port</title>",
        b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
    ],
)
def test_a_server_of_https_that_says_so(answer):
    with serving(answering(answer)) as port:
        assert asked(f"http://127.0.0.1:{port}").trouble == "this is a TLS server, spoken to in plain text"


def test_another_bad_request_is_an_answer():
    with serving(answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nwhat")) as port:
        assert asked(f"http://127.0.0.1:{port}").status == 400


@pytest.mark.parametrize("length", [b"-1", b"four", b"", b"9" * 5_000, "٤".encode()])
def test_a_bad_request_with_a_length_that_is_none_is_an_answer(length):
    with serving(answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: " + length + b"\r\n\r\nwhat")) as port:
        assert asked(f"http://127.0.0.1:{port}").status == 400


def test_a_machine_without_sockets_of_that_family(monkeypatch):
    def without(*_, **__):
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(socket, "socket", without)
    found = asked("http://[::1]:8080")

    assert found.trouble.startswith("connecting to ::1:8080 failed: ")
    assert "Address family not supported" in found.trouble


def test_https_to_a_server_of_plain_http():
    with service() as server:
        found = asked(server.url.replace("http:", "https:"))

    assert found.trouble.startswith("TLS failed: ")
    assert "http://" in found.remedy


def test_an_authority_that_is_not_trusted(tls):
    with serving(over_tls(tls, OK)) as port:
        found = asked(f"https://127.0.0.1:{port}")

    assert found.trouble.startswith("certificate not accepted: ")
    assert "TLS(ca=...)" in found.remedy
    assert "--insecure" in found.remedy


def test_an_authority_that_is_trusted(tls, authority, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    with serving(over_tls(tls, OK)) as port:
        found = asked(f"https://localhost:{port}", HttpOptions(tls=TLS(ca=file), dns=DNS(families="4")))

    assert (found.status, found.server, found.trouble) == (200, "nginx/1.25", None)


def test_insecure_takes_any_certificate(tls):
    with serving(over_tls(tls, OK)) as port:
        assert asked(f"https://127.0.0.1:{port}", HttpOptions().insecure()).status == 200


def test_files_of_tls_that_are_not_there():
    with serving(greeting(b"")) as port:
        found = asked(f"https://127.0.0.1:{port}", HttpOptions(tls=TLS(ca="missing.pem")))

    assert "missing.pem" in found.trouble


def test_a_host_that_has_another_place():
    with service() as server:
        http = HttpOptions(hosts={"shop.example.com": server.url.removeprefix("http://")})
        assert asked("http://shop.example.com/cart", http).status == 200

    assert server.requests == [("GET", "/cart")]


def test_a_host_behind_a_unix_socket(tmp_path):
    path = str(tmp_path / "app.sock")
    http = HttpOptions(hosts={"shop.example.com": f"unix:{path}"})
    assert asked("http://shop.example.com", http).trouble == f"nothing listens at {path}: connection refused"

    with serving(answering(OK), listen_at(path)):
        found = asked("http://shop.example.com", http)

    assert (found.status, found.address, found.is_here) == (200, None, False)


def listen_at(path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    return server


def test_a_proxy_is_asked_for_the_whole_url():
    with service(502) as server:
        found = asked("http://shop.example.com/cart", HttpOptions(proxy=server.url))

    assert found.status == 502
    assert server.requests == [("GET", "http://shop.example.com/cart")]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(scheme):
    port = free_port()
    found = asked(f"{scheme}://something.invalid", HttpOptions(proxy=f"http://user:hunter2@127.0.0.1:{port}"))

    assert found.trouble.startswith(f"the proxy 127.0.0.1:{port} cannot be connected to: ")
    assert found.remedy == "check proxy= of http_options"


def test_a_tunnel_that_a_proxy_refuses():
    with serving(answering(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as port:
        found = asked("https://shop.example.com", HttpOptions(proxy=f"http://127.0.0.1:{port}"))

    assert found.trouble == f"the proxy 127.0.0.1:{port} gives no connection: status 403"


def test_a_tunnel_to_a_server_of_https(tls, authority, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)

    def proxy(peer):
        assert head(peer).startswith(b"CONNECT 127.0.0.1:9 HTTP/1.1\r\n")
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        over_tls(tls, OK)(peer)

    with serving(proxy) as port:
        http = HttpOptions(proxy=f"http://127.0.0.1:{port}", tls=TLS(ca=file))
        assert asked("https://127.0.0.1:9", http).status == 200
