"""One HTTP/1.1 connection over TCP, a Unix socket or TLS; only native code makes one."""

STAGE_RESOLVE: str
"""The name was not looked up; the detail is the exception, or "timed out"."""
STAGE_CONNECT: str
"""No address let us connect; the number is the last one's errno, the detail the proxy's name, if there is one."""
STAGE_TUNNEL: str
"""The proxy gave no connection; the detail is its status or text, else the number is an errno."""
STAGE_TLS: str
"""The handshake failed, or TLS later on; the detail is an ssl.SSLError or text, else the number is an errno."""
STAGE_BODY: str
"""The request's body could not be read; the detail is the exception."""
STAGE_SEND: str
"""The number is an errno."""
STAGE_RECEIVE: str
"""The number is an errno."""
STAGE_PARSE: str
"""The server did not speak HTTP, or above a limit; the number is for `parse_error_text`."""
STAGE_CLOSED: str
"""The server closed too early; the number may be `CLOSED_UNANSWERED` or `NO_END_MARK`."""
STAGE_TIMEOUT: str
STAGE_CONNECT_TIMEOUT: str
STAGE_CANCELLED: str

LINE_TOO_LONG: int
HEAD_TOO_LARGE: int
TOO_MANY_HEADERS: int
TOO_MANY_INTERIM: int
EXTENSION_TOO_LARGE: int
TRAILER_TOO_LARGE: int
BODY_TOO_LARGE: int
CLOSED_UNANSWERED: int
NO_MEMORY: int
NO_END_MARK: int
"""A TLS connection ended without TLS's own end mark: anybody could have cut it there."""

def parse_error_text(number: int) -> str:
    """Return a parser's error as a short phrase."""

class Rules:
    """What the connections of a user hold to: limits, and when one is kept for another request."""

    timeout_ns: int
    discard_bodies: bool
    def __init__(
        self,
        *,
        line_bytes: int,
        head_bytes: int,
        chunk_extension_bytes: int,
        trailer_bytes: int,
        body_bytes: int,
        decoded_bytes: int,
        event_bytes: int,
        headers: int,
        interim: int,
        timeout_ns: int,
        resume_tls: bool = False,
        discard_bodies: bool = False,
        close_after_request: bool = False,
        close_after_iteration: bool = False,
    ) -> None: ...
