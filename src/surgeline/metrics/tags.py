"""Which tags are ours: a script that set them would have its samples counted as those of another scenario or answer.

Pure. Must not know where tags are given.
"""

from collections.abc import Iterable

PLACE_TAGS = frozenset({"scenario", "group"})
"""Where a sample was taken; on samples of every kind."""
REQUEST_TAGS = PLACE_TAGS | {
    "check",
    "error",
    "error_code",
    "expected_response",
    "method",
    "proto",
    "status",
    "tls_version",
    "url",
}
"""What a request was and how it ended. Not `name`: to name a request by its tags is what scripts of k6 do."""


def refuse_reserved(tags: Iterable[str], reserved: frozenset[str], where: str = "tags") -> None:
    """Raise ValueError, naming `where` the tags were given, when one of them is reserved."""
    if reserved.isdisjoint(tags):
        return
    found = next(tag for tag in tags if tag in reserved)
    raise ValueError(f"{where}: expected a tag of your own, found {found!r}, which surgeline sets itself")
