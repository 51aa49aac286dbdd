"""Asks one origin for a page, step by step, and says how far that went: look-up, connection, TLS, an answer.

Goes the way that the run's own requests go: its proxy, its other places for hosts, its trust. Blocks until its time is
over; must not know what is made of the answer.
"""

import re
import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from surgeline._native.http_connection import STAGE_TLS
from surgeline.doctor.greetings import TLS, server_of, speaker_of, status_of, wants_tls
from surgeline.doctor.origins import Origin
from surgeline.errors import OptionError
from surgeline.protocols.http.errors import describe_error
from surgeline.protocols.http.hosts import HostOverrides
from surgeline.protocols.http.options import HttpOptions
from surgeline.protocols.http.proxies import DirectHosts, Proxy, parse_proxy
from surgeline.protocols.http.tls import make_context
from surgeline.protocols.http.url import Target

_MOST_BYTES = 65_536
_MOMENT_SECONDS = 0.05
_HANDSHAKE_SECONDS = 1.0
_FAMILIES = {"4": socket.AF_INET, "6": socket.AF_INET6}
_HEAD_END = b"\r\n\r\n"
_CONTENT_LENGTH = re.compile(
    rb"^content-length[ \t]*:[ \t]*(?P<length>[0-9]{1,18})[ \t\r]*$", re.IGNORECASE | re.MULTILINE
)
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking an origin: an answer, or what is in its way and what to do about it."""

    origin: Origin
    status: int | None = None
    server: str = ""
    """As its answer says."""
    seconds: float = 0.0
    """From the first look-up to the head of the answer."""
    trouble: str | None = None
    remedy: str | None = None
    address: str | None = None
    """The address that was connected to, or that refused; None where it got not so far, and for a Unix socket."""
    port: int = 0
    is_here: bool = False
    """Is it an address of this machine?"""


class _Stopped(Exception):  # noqa: N818 - no error, but how far it went
    """Something is in the way."""

    def __init__(self, trouble: str, remedy: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.remedy = remedy


class _NoAnswer(_Stopped):
    """The other side has hung up without a word."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble, "check that the service speaks HTTP at this port, and its log")


def ask(origin: Origin, http: HttpOptions, seconds: float) -> Asked:
    """Send one GET request to an origin, and take as much of the answer as says what it is."""
    asking = _Asking(origin, http, seconds)
    started = time.monotonic()
    facts: dict[str, Any] = {}
    try:
        answer = asking.answer()
        facts = {"status": status_of(answer), "server": server_of(answer)}
    except _Stopped as stopped:
        facts = {"trouble": stopped.trouble, "remedy": stopped.remedy}
    return Asked(
        origin,
        **facts,
        seconds=time.monotonic() - started - asking.waited,
        address=asking.address,
        port=asking.port,
        is_here=asking.address is not None and _is_here(asking.address),
    )


class _Asking:
    """One request under way; its steps raise _Stopped."""

    def __init__(self, origin: Origin, http: HttpOptions, seconds: float) -> None:
        self._target = origin.target
        self._http = http
        self._limit = seconds
        self._deadline = time.monotonic() + seconds
        self.address: str | None = None
        self.port = 0
        self.waited = 0.0

    def answer(self) -> bytes:
        proxy = _proxy_of(self._target, self._http)
        try:
            answer = self._asked_for_a_page(proxy)
        except _NoAnswer:
            if proxy is None and self._target.scheme == "http" and self._shakes_hands():
                raise self._wants_tls() from None
            raise
        return self._checked(answer)

    def _asked_for_a_page(self, proxy: Proxy | None) -> bytes:
        with closing(self._connected(proxy)) as plain:
            if proxy is not None and self._target.scheme == "https":
                self._open_tunnel(plain, proxy)
            sock = self._secured(plain) if self._target.scheme == "https" else plain
            with closing(sock):
                return self._exchange(sock, _request(self._target, self._http, proxy))

    def _checked(self, answer: bytes) -> bytes:
        if wants_tls(answer):
            raise self._wants_tls()
        if status_of(answer) is None:
            raise _Stopped(
                f"expected an answer in HTTP, found {speaker_of(answer)}",
                "give the address of the service itself: something else has that port",
            )
        return answer

    def _wants_tls(self) -> _Stopped:
        return _Stopped(f"this is {TLS}", f"write https:// instead of http:// for {self._target.authority}")

    def _shakes_hands(self) -> bool:
        """Does it speak TLS? Servers built on OpenSSL hang up on plain text without the alert that would say so."""
        try:
            with closing(self._connected(None)) as sock:
                sock.settimeout(min(_HANDSHAKE_SECONDS, self._left()))
                context = make_context(HttpOptions().insecure().tls)
                context.wrap_socket(sock, server_hostname=self._target.host).close()
        except (OSError, _Stopped):
            return False
        return True

    def _left(self) -> float:
        return max(0.01, self._deadline - time.monotonic())

    def _connected(self, proxy: Proxy | None) -> socket.socket:
        """Return a connection to the host, to the place that it has instead, or to its proxy."""
        target = self._target
        place = HostOverrides(self._http.hosts).find(target.host, target.port)
        if place is not None and place.path is not None:
            return self._connected_to_path(place.path)
        host, port = (target.host, target.port) if place is None else (place.host, place.port or target.port)
        if proxy is not None:
            host, port = proxy.host, proxy.port
        self.port = port
        failure: OSError | None = None
        for family, address in self._looked_up(host, port):
            self.address = address[0]
            try:
                return self._opened(family, address)
            except OSError as error:
                failure = error
        if proxy is not None:
            raise _Stopped(f"the proxy {host}:{port} cannot be connected to: {failure}", "check proxy= of http_options")
        raise self._not_connected(f"{self.address}:{port}", failure)

    def _connected_to_path(self, path: str) -> socket.socket:
        try:
            return self._opened(socket.AF_UNIX, path)
        except OSError as error:
            raise self._not_connected(path, error) from None

    def _opened(self, family: int, address: Any) -> socket.socket:
        """Return a connection. Raises OSError, also where this machine has none of that family."""
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(self._left())
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        return sock

    def _looked_up(self, host: str, port: int) -> list[tuple[Any, Any]]:
        family = _FAMILIES.get(self._http.dns.families, socket.AF_UNSPEC)
        try:
            found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise _Stopped(
                f"the name {host!r} cannot be looked up: {error}", "check the name, and the DNS of this machine"
            ) from None
        return [(one[0], one[4]) for one in found]

    def _not_connected(self, place: str, error: OSError | None) -> _Stopped:
        if isinstance(error, TimeoutError):
            return _Stopped(
                f"connecting to {place} timed out after {self._limit:g} s",
                "check the address, and whether a firewall lets this machine through",
            )
        if isinstance(error, ConnectionRefusedError | FileNotFoundError):
            return _Stopped(f"nothing listens at {place}: connection refused", "start the service, or check its port")
        return _Stopped(f"connecting to {place} failed: {error}", "check the address, and the network to it")

    def _open_tunnel(self, sock: socket.socket, proxy: Proxy) -> None:
        answer = self._exchange(sock, proxy.tunnel(self._target.host, self._target.port, self._http.user_agent))
        status = status_of(answer)
        if status is None or not 200 <= status < 300:
            said = "no answer in HTTP" if status is None else f"status {status}"
            raise _Stopped(
                f"the proxy {proxy.host}:{proxy.port} gives no connection: {said}",
                "check proxy= of http_options, and what the proxy allows",
            )

    def _secured(self, sock: socket.socket) -> ssl.SSLSocket:
        sock.settimeout(self._left())
        try:
            context = make_context(self._http.tls)
            return context.wrap_socket(sock, server_hostname=self._target.host)
        except OptionError as error:
            raise _Stopped(str(error), "mend the files of TLS(...)") from None
        except TimeoutError:
            raise _Stopped("the TLS handshake was not answered", "check that this is the port of HTTPS") from None
        except ssl.SSLCertVerificationError as error:
            raise _Stopped(
                describe_error(STAGE_TLS, 0, error)[1],
                "give its authority with http_options(tls=TLS(ca=...)), or use --insecure",
            ) from None
        except OSError as error:
            raise _Stopped(
                describe_error(STAGE_TLS, 0, error)[1],
                "write http:// if it speaks plain HTTP, or check the port",
            ) from None

    def _exchange(self, sock: socket.socket, request: bytes) -> bytes:
        """Send a request; return what comes until the end of the head, and the page too that says what is bad.

        The first line goes alone, and the rest a moment later: some that speak no HTTP answer a line, and hang up at
        the next (Redis, which takes a Host field for an attack).
        """
        line, end, rest = request.partition(b"\r\n")
        answer = b""
        try:
            sock.settimeout(self._left())
            sock.sendall(line + end)
            answer = self._said_meanwhile(sock)
            if not answer:
                sock.settimeout(self._left())
                sock.sendall(rest)
            while not self._is_enough(answer):
                sock.settimeout(self._left())
                piece = sock.recv(_MOST_BYTES)
                if not piece:
                    break
                answer += piece
        except TimeoutError:
            if not answer:
                raise _Stopped(
                    f"it accepts connections and says nothing for {self._limit:g} s",
                    "look at the service: it hangs, is overloaded, or waits for another protocol",
                ) from None
        except OSError as error:
            if not answer:
                raise _NoAnswer(f"the connection broke off: {error.strerror or error}") from None
        if not answer:
            raise _NoAnswer("it closed the connection without an answer")
        return answer

    def _said_meanwhile(self, sock: socket.socket) -> bytes:
        """Wait a moment for what comes unasked for; the time does not count."""
        started = time.monotonic()
        sock.settimeout(_MOMENT_SECONDS)
        try:
            return sock.recv(_MOST_BYTES)
        except TimeoutError:
            return b""
        finally:
            self.waited += time.monotonic() - started

    @staticmethod
    def _is_enough(answer: bytes) -> bool:
        if len(answer) >= _MOST_BYTES:
            return True
        if not answer.startswith(b"HTTP/"[: len(answer)]):
            return True
        head, end, _ = answer.partition(_HEAD_END)
        return bool(end) and (status_of(answer) != _BAD_REQUEST or _has_its_body(head, answer))


def _has_its_body(head: bytes, answer: bytes) -> bool:
    """Is what Content-Length says there? Without one the end of the connection says so."""
    found = _CONTENT_LENGTH.search(head)
    return found is not None and len(answer) - len(head) - len(_HEAD_END) >= int(found["length"])


def _request(target: Target, http: HttpOptions, proxy: Proxy | None) -> bytes:
    through_proxy = proxy is not None and target.scheme == "http"
    lines = [f"GET {target.url if through_proxy else target.path} HTTP/1.1", f"Host: {target.authority}"]
    lines += [f"User-Agent: {http.user_agent}", "Accept: */*", "Connection: close"]
    if proxy is not None and through_proxy and proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _proxy_of(target: Target, http: HttpOptions) -> Proxy | None:
    """As the client has it: a host that has another place is not asked through the proxy."""
    if http.proxy is None or target.host in DirectHosts(http.no_proxy):
        return None
    return None if HostOverrides(http.hosts).find(target.host, target.port) else parse_proxy(http.proxy)


def _is_here(address: str) -> bool:
    """Does an address belong to this machine? Only such an address can be bound to."""
    family = socket.AF_INET6 if ip_address(address.partition("%")[0]).version == 6 else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True
