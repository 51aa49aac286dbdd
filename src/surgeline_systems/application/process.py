"""What a service says of its own process in its health. It must not know any system."""

import os
import resource
import sys
from pathlib import Path

OWN_PAGES = Path("/proc/self/statm")
RESIDENT = 1


def memory_bytes() -> int:
    """The memory that this process has now; where the system does not tell, the most that it has had."""
    if OWN_PAGES.exists():
        return int(OWN_PAGES.read_text().split()[RESIDENT]) * os.sysconf("SC_PAGE_SIZE")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
