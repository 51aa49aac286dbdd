"""TLS between memory and memory: Python's own OpenSSL, which neither reads nor writes a socket."""

import ssl

class TlsStream:
    """One connection's TLS, for native code. Raises ssl.SSLError or ValueError for a host that cannot be asked for."""

    version: str | None
    number: int
    """1 for TLS 1.0 up to 4 for TLS 1.3; 0 before the handshake."""
    def __init__(self, context: ssl.SSLContext, host: str, session: ssl.SSLSession | None = None) -> None: ...
