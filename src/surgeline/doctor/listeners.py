"""Who listens on this machine, as Linux tells it in /proc. Elsewhere, and of other users' processes, nothing is known.

Reads texts and links; sends nothing.
"""

import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

Address = IPv4Address | IPv6Address
PROC = Path("/proc")
_LISTEN = "0A"
_WORD = 8
"""Characters of a 32-bit number, which the kernel writes in the byte order of the machine."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that listens."""

    address: Address
    port: int
    inode: int
    uid: int
    """Whose it is."""

    def takes(self, address: Address, port: int) -> bool:
        """Does it take connections to an address and port?"""
        if port != self.port:
            return False
        here = _plain(self.address)
        if here.is_unspecified:
            return self.address.version == 6 or _plain(address).version == 4
        return here == _plain(address)


@dataclass(frozen=True, slots=True)
class Process:
    """A process that listens."""

    pid: int
    name: str


def parse_listening(text: str) -> list[Listening]:
    """Return the listening sockets of a text such as /proc/net/tcp or /proc/net/tcp6: proc(5)."""
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTEN:
            address, _, port = fields[1].partition(":")
            found.append(Listening(_address(address), int(port, 16), int(fields[9]), int(fields[7])))
    return found


def _address(text: str) -> Address:
    words = (int(text[i : i + _WORD], 16).to_bytes(4, sys.byteorder) for i in range(0, len(text), _WORD))
    return ip_address(b"".join(words))


def _plain(address: Address) -> Address:
    """An IPv4 address may be written as one of IPv6."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def listening(address: str, port: int, proc: Path = PROC) -> list[Listening]:
    """Return the sockets that take connections to an address of this machine."""
    wanted = ip_address(address.partition("%")[0])
    tables = (_read(proc / "net" / name) for name in ("tcp", "tcp6"))
    return [one for table in tables for one in parse_listening(table) if one.takes(wanted, port)]


def processes_of(sockets: Iterable[Listening], proc: Path = PROC) -> list[Process]:
    """Return the processes that hold one of these sockets, as far as this user may see, by pid."""
    links = {f"socket:[{one.inode}]" for one in sockets}
    pids = sorted(int(entry.name) for entry in _entries(proc) if entry.name.isdecimal()) if links else []
    return [
        Process(pid, _read(proc / str(pid) / "comm").strip()) for pid in pids if _holds(proc / str(pid) / "fd", links)
    ]


def _holds(folder: Path, links: Collection[str]) -> bool:
    return any(_link(entry) in links for entry in _entries(folder))


def in_words(sockets: Collection[Listening], processes: Collection[Process]) -> str:
    """Say who listens: `nginx (pid 7)`; of a process that cannot be seen, whose it is."""
    if processes:
        named = ", ".join(f"{one.name} (pid {one.pid})" for one in list(processes)[:_NAMED])
        more = len(processes) - _NAMED
        return f"{named} and {more} more" if more > 0 else named
    uids = sorted({one.uid for one in sockets})
    return f"a process of another user (uid {', '.join(map(str, uids))})" if uids else "a process that cannot be seen"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # no Linux, or the process has ended meanwhile
        return ""


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""
