"""How many series a run may have, and which tag is at fault when there are more.

A tag whose values never end, a URL with an id in it say, would take all memory. Pure; knows no cells.
"""

from collections.abc import Callable, Mapping

Tags = Mapping[str, str]
MOST_SERIES = 20_000
"""A request has 12 for each way it ends: enough for more than a thousand requests."""
FEW_VALUES = 50
"""A tag with no more is not at fault, unless several such tags make twice as many series by their combinations."""
OTHER = "(other)"
"""The value of a tag that has too many."""
_TWINS = {"name": "url", "url": "name"}
"""A request that has no name is called by its URL."""


class SeriesLimit:
    """Takes the tags of each new series; `notify` takes the message that there are too many."""

    def __init__(self, notify: Callable[[str], None]) -> None:
        self._notify = notify
        self._values: dict[str, set[str]] = {}
        self._at_fault: set[str] = set()
        self._count = 0

    def count(self, tags: Tags) -> None:
        """Count a series that was made."""
        self._count += 1
        for tag, value in tags.items():
            self._values.setdefault(tag, set()).add(value)

    def fold(self, tags: Tags) -> Tags | None:
        """Return the tags under which one more series with these should count; None where it may be made."""
        if self._count < MOST_SERIES:
            return None
        tag = self._tag_at_fault(tags)
        if tag is None:
            return None
        folded = {**tags, tag: OTHER}
        twin = _TWINS.get(tag)
        if twin is not None and tags.get(twin) == tags[tag]:
            folded[twin] = OTHER
        return folded

    def _tag_at_fault(self, tags: Tags) -> str | None:
        """Return the tag, of these, that has the most values; None when none has many."""
        open_tags = [tag for tag, value in tags.items() if value != OTHER]
        for tag in open_tags:
            if tag in self._at_fault:
                return tag
        worst = max(open_tags, key=self._number_of_values, default=None)
        few = FEW_VALUES if self._count < 2 * MOST_SERIES else 1
        if worst is None or self._number_of_values(worst) <= few:
            return None
        self._at_fault.add(worst)
        self._say(worst, tags[worst])
        return worst

    def _number_of_values(self, tag: str) -> int:
        return len(self._values.get(tag, ()))

    def _say(self, tag: str, value: str) -> None:
        remedy = (
            'give requests whose URL holds an id a name: vu.http.get(url, name="get-user")'
            if tag in _TWINS
            else "give it fewer values"
        )
        self._notify(
            f"More than {MOST_SERIES:,} series: the tag {tag!r} has too many values, such as {value!r}. New ones count "
            f"together as {OTHER!r} from now on; {remedy}."
        )
