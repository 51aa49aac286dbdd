"""What the system allows this process, and has: read, never changed. Where it does not say, that is told apart."""

import os
import resource
from pathlib import Path

from surgeline.doctor.descriptors import UNLIMITED
from surgeline.doctor.ports import Ports, parse_ports

_IPV4 = Path("/proc/sys/net/ipv4")
_CLOCK_SOURCE = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")


def descriptor_limits() -> tuple[int, int]:
    """Return the soft and the hard limit of file descriptors, UNLIMITED for none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    return (UNLIMITED if soft == unlimited else soft), (UNLIMITED if hard == unlimited else hard)


def local_ports() -> Ports | None:
    """Return what there is of local ports; None where that is not told."""
    return parse_ports(
        _text(_IPV4 / "ip_local_port_range"), _text(Path("/proc/net/sockstat")), _text(_IPV4 / "tcp_tw_reuse")
    )


def clock_source() -> str:
    """Return where the kernel's clock comes from; empty where that is not told."""
    return _text(_CLOCK_SOURCE).strip()


def cores_of(pid: int = 0) -> frozenset[int]:
    """Return the cores that a process may run on, all of the machine where that is not told; 0 is this process."""
    try:
        return frozenset(os.sched_getaffinity(pid))
    except (AttributeError, OSError):  # no Linux, or the process has ended meanwhile
        return all_cores()


def all_cores() -> frozenset[int]:
    """Return the cores of the machine."""
    return frozenset(range(os.cpu_count() or 1))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
