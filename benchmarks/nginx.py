"""A private nginx: one worker on one core that answers every request with the same 36 bytes of JSON."""

import http.client
import signal
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.child import launched_on
from surgeline_systems.servers.launch import Launch, free_port

ANSWER = '{"ok":true,"user":123,"name":"abc"}'

_CONFIGURATION = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
lock_file {folder}/nginx.lock;
error_log stderr error;
events {{
    worker_connections 20000;
}}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    default_type application/json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=16384{secure};
{more}
        location / {{
            return 200 '{answer}\\n';
        }}
    }}
}}
"""


@contextmanager
def nginx(path: str, *, core: int, secure: bool = False, more: str = "") -> Iterator[str]:
    """Run nginx on a core while the block runs; gives its URL. Raises ServerError when it does not start.

    `more` are directives of its server, such as other locations; with `secure`, over TLS, the certificate too.
    """
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        configuration = Path(folder) / "nginx.conf"
        ssl_option = " ssl" if secure else ""
        configuration.write_text(
            _CONFIGURATION.format(folder=folder, port=port, secure=ssl_option, more=more, answer=ANSWER)
        )
        with launched_on(core, _launch(path, configuration, lambda: _answers(port, secure=secure))):
            yield f"{'https' if secure else 'http'}://127.0.0.1:{port}"


def _launch(path: str, configuration: Path, ready: Callable[[], bool]) -> Launch:
    return Launch(
        name="nginx",
        commands=[[path, "-e", "stderr", "-p", str(configuration.parent), "-c", str(configuration)]],
        ready=ready,
        stop_signals=[signal.SIGTERM],
        grace_seconds=5,
    )


def _answers(port: int, *, secure: bool) -> bool:
    connection = _secure_connection(port) if secure else http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode().strip() == ANSWER
    except OSError:
        return False
    finally:
        connection.close()


def _secure_connection(port: int) -> http.client.HTTPConnection:
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=1, context=anyone)
