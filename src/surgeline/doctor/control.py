"""Can the run listen where it is to be steered?"""

import socket
from contextlib import closing

from surgeline.doctor.listeners import in_words, listening, processes_of
from surgeline.engine.control import parse_address
from surgeline.report.doctor import Finding, Level

CHECK = "control"


def control_findings(address: str | None) -> list[Finding]:
    """Return whether the address of --control is free; nothing where there is none."""
    if address is None:
        return []
    host, port = parse_address(address)
    refused = _refusal(host, port)
    if refused is None:
        return [Finding(Level.OK, CHECK, f"--control: {host}:{port} is free")]
    sockets = listening(host, port)
    who = f": {in_words(sockets, processes_of(sockets))} listens there" if sockets else f": {refused}"
    remedy = "give --control another port, or end what listens there"
    return [Finding(Level.FAILURE, CHECK, f"--control: {host}:{port} is taken{who}", remedy)]


def _refusal(host: str, port: int) -> str | None:
    """Try to have the address for a moment, as the control server will."""
    with closing(socket.socket()) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
            sock.listen()
        except OSError as error:
            return error.strerror or str(error)
    return None
