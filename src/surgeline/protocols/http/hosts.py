"""Where connections go instead of where a URL says: `{"*.example.com": "127.0.0.1:8443"}`. Pure."""

from collections.abc import Mapping

from surgeline.errors import OptionError
from surgeline.protocols.http.addresses import Place, parse_place, split_port

_BELOW = "*."


class HostOverrides:
    """The hosts whose connections go elsewhere.

    What is most exact counts: `host:port`, `host`, then of `*.domain:port` and `*.domain` the longest domain.
    """

    def __init__(self, hosts: Mapping[str, str]) -> None:
        """Raises OptionError for a host or a place that cannot be read."""
        self._places = {_pattern(text): parse_place(place, f"hosts: {text!r}") for text, place in hosts.items()}

    def find(self, host: str, port: int) -> Place | None:
        """Return where connections to a host go instead; None where it has no other place."""
        if not self._places:
            return None
        labels = host.split(".")
        above = [_BELOW + ".".join(labels[i:]) for i in range(1, len(labels))]
        names = [(name, number) for name in (host, *above) for number in (port, None)]
        return next((self._places[name] for name in names if name in self._places), None)


def _pattern(text: str) -> tuple[str, int | None]:
    parts = split_port(text.lower())
    name = "" if parts is None else parts[0].removeprefix(_BELOW)
    if parts is None or not name or "*" in name:
        raise OptionError(
            f'hosts: expected hosts such as "api.example.com", "api.example.com:443" or "*.example.com", found {text!r}'
        )
    return parts
