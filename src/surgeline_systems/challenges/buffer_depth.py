"""How many changes are in the event handler's buffer, as it tells those who watch it. It must not know who asks."""

import re
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException

from surgeline_systems.challenges.metrics import PREFIX

METRIC = "buffered_changes"
TOLD = re.compile(rf"^{PREFIX}{METRIC} (\S+)$", re.MULTILINE)
TIMEOUT_SECONDS = 1.0


def buffer_depth(host: str, port: int) -> int | None:
    """The number that the handler's metrics at this place say now; None where they say none."""
    with suppress(OSError, HTTPException), closing(HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)) as connection:
        connection.request("GET", "/metrics")
        found = TOLD.search(connection.getresponse().read().decode())
        return int(float(found[1])) if found else None
    return None
