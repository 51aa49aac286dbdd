"""Where `surgeline http` sends its requests, and who it trusts there."""

import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme
from cli_support import surgeline, surgeline_here


class Seen:
    """A server in a thread that answers everything with 200, and keeps what it was sent and by whom."""

    def __init__(self):
        self.requests = []
        self.peers = []
        self.bodies = []
        self.url = ""


@contextmanager
def serving(tls=None, address=("127.0.0.1", 0), family=None):
    seen = Seen()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            seen.requests.append((self.requestline, self.headers["Host"], self.headers["Proxy-Authorization"]))
            seen.peers.append(self.connection.getpeercert() if tls else None)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.bodies.append((self.headers.get_all("Content-Type"), body))
            self.do_GET()

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = family or ThreadingHTTPServer.address_family

        def server_bind(self):
            self.socket.bind(self.server_address)

        def get_request(self):
            connection, peer = self.socket.accept()
            return connection, peer or ("unix", 0)

        def finish_request(self, request, client_address):
            if tls is None:
                return super().finish_request(request, client_address)
            # In the thread of the connection: a handshake that fails holds nobody up.
            with tls.wrap_socket(request, server_side=True) as secured:
                return super().finish_request(secured, client_address)

        def handle_error(self, *_):
            pass

    with Server(address, Handler) as server:
        if family is None:
            seen.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.socket.getsockname()[1]}/path"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield seen
        server.shutdown()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def files(authority, tmp_path):
    """Certificates in the folder that the command runs in."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    own = authority.issue_cert("me.test")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    own.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    own.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    other = trustme.CA().issue_cert("other.test")
    other.private_key_pem.write_to_path(tmp_path / "other-key.pem")
    return tmp_path


@pytest.fixture
def server_tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "api.test").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def load(folder, *options, stdin=""):
    judged = ("--threshold", "http_req_failed rate==0", "--no-run-file")
    return surgeline("http", *options, "-n", "3", "-c", "1", *judged, cwd=folder, input=stdin)


@pytest.mark.parametrize("own", [["--cert", "both.pem"], ["--cert", "cert.pem", "--key", "key.pem"]])
def test_certificates_of_both_sides(files, server_tls, own):
    with serving(server_tls) as seen:
        ended = load(files, seen.url, "--cacert", "ca.pem", *own)
    assert ended.code == 0, ended
    assert len(seen.requests) == 3
    assert {peer["subjectAltName"] for peer in seen.peers} == {(("DNS", "me.test"),)}


def test_without_them_nothing_arrives(files, server_tls):
    with serving(server_tls) as seen:
        no_trust = load(files, seen.url, "--cert", "both.pem")
        no_certificate = load(files, seen.url, "--cacert", "ca.pem")
        insecure = load(files, seen.url, "--cert", "both.pem", "--insecure")
    assert (no_trust.code, no_certificate.code, insecure.code) == (99, 99, 0)
    assert len(seen.requests) == 3


def test_another_place(files, server_tls):
    with serving(server_tls) as seen:
        port = seen.url.split(":")[2].split("/")[0]
        options = ("--cacert", "ca.pem", "--cert", "both.pem", "--connect-to", f"127.0.0.1:{port}")
        ended = load(files, "https://api.test:4433/path", *options)
    assert ended.code == 0, ended
    assert seen.requests == [("GET /path HTTP/1.1", "api.test:4433", None)] * 3


def test_a_unix_socket(tmp_path):
    with serving(address=str(tmp_path / "socket"), family=socket.AF_UNIX) as seen:
        ended = load(tmp_path, "http://docker/containers", "--unix-socket", "socket")
    assert ended.code == 0, ended
    assert seen.requests == [("GET /containers HTTP/1.1", "docker", None)] * 3


def test_a_proxy(tmp_path):
    with serving() as seen:
        proxy = seen.url.replace("127", "me:secret@127").removesuffix("/path")
        ended = load(tmp_path, "http://api.test/path", "--proxy", proxy)
    assert ended.code == 0, ended
    assert seen.requests == [("GET http://api.test/path HTTP/1.1", "api.test", "Basic bWU6c2VjcmV0")] * 3


FORM = ["application/x-www-form-urlencoded"]


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        (["--data", "a=b"], (FORM, b"a=b")),
        (["--data", ""], (FORM, b"")),
        (["--data", "@form.txt"], (FORM, b"a=b&c=\xff")),
        (["--data", "@-"], (FORM, b"typed")),
        (["--data", "a=b", "-H", "content-type: text/plain"], (["text/plain"], b"a=b")),
        (["--json", "[1]"], (["application/json"], b"[1]")),
        (["--json", "[1]", "-H", "content-type: text/x"], (["text/x"], b"[1]")),
    ],
)
def test_a_body_goes_out_as_curl_sends_it(tmp_path, options, sent):
    (tmp_path / "form.txt").write_bytes(b"a=b\r\n&c=\0\xff\n")
    with serving() as seen:
        ended = load(tmp_path, seen.url, *options, stdin="typed\n")
    assert ended.code == 0, ended
    assert seen.bodies == [sent] * 3


def test_several_workers_do_the_same(files, server_tls):
    with serving(server_tls) as seen:
        ended = load(files, seen.url, "--cacert", "ca.pem", "--cert", "both.pem", "--workers", "2", "-c", "2")
    assert ended.code == 0, ended
    assert len(seen.requests) == 3


SCRIPT = """
from surgeline import *

http_options(tls=TLS(ca="ca.pem", cert="both.pem"), hosts={"api.test": "127.0.0.1:%s"}, user_agent="me/1")
thresholds({"http_req_failed": "rate==0"})

@setup
async def prepare(vu):
    await vu.http.get("https://api.test/setup")

@scenario(shared_iterations(iterations=2), base_url="https://api.test")
async def one(vu):
    await vu.http.get("/load")
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_script_says_it_for_the_whole_run(files, server_tls, workers):
    with serving(server_tls) as seen:
        (files / "script.py").write_text(SCRIPT % seen.url.split(":")[2].split("/")[0])
        ended = surgeline("run", files / "script.py", "--workers", workers, "--no-run-file", cwd="/")
    assert ended.code == 0, ended
    assert sorted(line for line, _, _ in seen.requests) == ["GET /load HTTP/1.1"] * 2 + ["GET /setup HTTP/1.1"]
    assert {host for _, host, _ in seen.requests} == {"api.test"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cacert", "no.pem"], "--cacert: expected a file (PEM), found none to read at no.pem: No such file"),
        (["--cacert", "key.pem"], "--cacert: expected certificates (PEM) in key.pem, found none ("),
        (["--cert", "no.pem"], "--cert: expected a file (PEM), found none to read at no.pem: No such file"),
        (["--cert", "cert.pem"], "--key: expected a private key (PEM) in cert.pem, found none ("),
        (["--key", "key.pem"], "--key: expected --cert beside it, the certificate that the key is for, found none"),
        (
            ["--cert", "cert.pem", "--key", "other-key.pem"],
            "--key: expected the private key of the certificate in cert.pem",
        ),
        (["--unix-socket", "a" * 200], "--unix-socket: expected a path of at most 107 bytes"),
        (["--unix-socket", "a", "--proxy", "http://p"], "--unix-socket, --proxy: expected one of them, found 2"),
        (["--connect-to", "a:x"], '--connect-to: expected "host", "host:port" or "unix:/path", found \'a:x\''),
        (["--data", "@no.txt"], "--data: expected a file that can be read, found 'no.txt': No such file or directory"),
        (["--data", "@."], "--data: expected a file that can be read, found '.': Is a directory"),
        (["--proxy", "https://me:secret@p"], "--proxy: expected a URL such as http://"),
    ],
)
def test_what_cannot_be_used_is_refused(files, options, message):
    ended = surgeline_here("http", "http://127.0.0.1:9", *options, cwd=files)
    assert ended.code == 104
    assert message in ended.err.replace("\n", " ")
    assert "secret" not in ended.err
