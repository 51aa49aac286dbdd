"""Are there as many local ports as the run's connections to one address need? Pure.

A connection has a port of its own for each address that it goes to. One that this side closes keeps its port for a
minute (TIME_WAIT); Linux gives it to a new connection earlier where `tcp_tw_reuse` allows it (tcp(7), ip-sysctl).
"""

from dataclasses import dataclass

from surgeline.doctor.limits import Demand
from surgeline.report.doctor import Finding, Level

CHECK = "ports"
WAIT_SECONDS = 60
"""How long a port rests: the kernel's TCP_TIMEWAIT_LEN."""
_REUSED, _REUSED_HERE = 1, 2
_MORE_PORTS = 'sysctl -w net.ipv4.ip_local_port_range="1024 65535", or several local_addresses= of http_options'


@dataclass(frozen=True, slots=True)
class Ports:
    """What the system has of local ports."""

    count: int
    """Of one local address."""
    waiting: int
    """That rest now, to whatever address."""
    reuse: int
    """net.ipv4.tcp_tw_reuse."""


def parse_ports(port_range: str, sockstat: str, reuse: str) -> Ports | None:
    """Return what ip_local_port_range, /proc/net/sockstat and tcp_tw_reuse say as texts; None for empty ones."""
    ends = port_range.split()
    if len(ends) != 2:
        return None
    first, last = map(int, ends)
    words = next((line.split() for line in sockstat.splitlines() if line.startswith("TCP:")), [])
    pairs = dict(zip(words[1::2], words[2::2], strict=False))
    return Ports(last - first + 1, int(pairs.get("tw", 0)), int(reuse.strip() or 0))


def port_findings(demand: Demand, ports: Ports | None, addresses: int, *, all_here: bool) -> list[Finding]:
    """Return whether there are enough ports.

    `addresses` is how many local ones connections come from, `all_here` whether all of them stay on this machine.
    """
    if ports is None:
        return [Finding(Level.SKIPPED, CHECK, "how many local ports there are is not known on this system")]
    free = ports.count * addresses - ports.waiting
    needed, most = demand.users * demand.per_user, demand.most_users * demand.per_user
    if needed > free:
        message = f"{needed:,} connections to one address are needed, {free:,} local ports are free"
        return [Finding(Level.FAILURE, CHECK, message, _MORE_PORTS)]
    if demand.anew is not None and not _is_reused(ports, all_here=all_here):
        return [_of_new_connections(demand, demand.anew, free)]
    if most > free:
        message = f"up to {most:,} connections to one address if the service is slow, {free:,} local ports are free"
        return [Finding(Level.WARNING, CHECK, message, _MORE_PORTS)]
    waiting = f", {ports.waiting:,} rest after closing" if ports.waiting else ""
    return [Finding(Level.OK, CHECK, f"at most {most:,} connections to one address, {free:,} local ports{waiting}")]


def _is_reused(ports: Ports, *, all_here: bool) -> bool:
    return ports.reuse == _REUSED or (ports.reuse == _REUSED_HERE and all_here)


def _of_new_connections(demand: Demand, anew: str, free: int) -> Finding:
    """A port rests for a minute, so in a minute each can be used once."""
    limit = max(0, free) / WAIT_SECONDS
    rests = f"each keeps its port for {WAIT_SECONDS} s, so {limit:,.0f} a second to one address is the most"
    if demand.rate is not None and demand.rate <= limit and anew == "for each iteration":
        return Finding(Level.OK, CHECK, f"a new connection {anew}, up to {demand.rate:,.0f} a second; {rests}")
    planned = "as many as there is time for" if demand.rate is None else f"{demand.rate:,.0f} iterations a second"
    return Finding(
        Level.WARNING,
        CHECK,
        f"a new connection {anew}, {planned} at the most; {rests}",
        "keep connections, or " + _MORE_PORTS,
    )
