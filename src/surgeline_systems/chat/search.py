"""What service and writer ask of the search index: the numbers of a chat's messages that hold some words.

The index holds what the database holds, a moment later, and can be made anew from it. It must not know who writes
messages, nor keep them: whoever finds a number reads its message from the database.
"""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from surgeline import SurgelineError
from surgeline_systems.chat.store import MessageRow


class SearchError(SurgelineError):
    """The index cannot be read or written now; the text says which, and why."""


class Newest(NamedTuple):
    """The message that reached an index last, and the `position` before which the index has all of its writer."""

    position: int
    chat_id: int
    number: int
    created_at_ms: int


class SearchIndex(Protocol):
    """Finds messages."""

    async def find(self, chat_id: int, text: str, limit: int) -> list[int]:
        """The numbers of the chat's messages that hold all words of `text`, newest first; of no words there are none.

        Raises: SearchError.
        """
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class IndexWriter(Protocol):
    """Puts messages into an index. All but `close` raise SearchError, after which they may be tried again."""

    @property
    def margin(self) -> int:
        """How many positions before the newest may be missing, because other writers share the index."""
        ...

    async def newest(self) -> Newest | None:
        """Where the index ends; None when there is nothing in it. An index that is not there, or damaged, is made."""
        ...

    async def add(self, rows: Sequence[MessageRow], position: int) -> None:
        """Have these in the index when this returns, and that all before `position` is there too.

        A message that is there already is found once, as before.
        """
        ...

    async def clear(self) -> None:
        """Forget all that is in the index."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


class SearchSettings(Protocol):
    """Where the index is: in an Elasticsearch, or in a folder, which has a place of its own where none is named."""

    @property
    def elasticsearch_url(self) -> str: ...  # noqa: D102 - said above

    @property
    def search_folder(self) -> str: ...  # noqa: D102 - said above


def open_index(settings: SearchSettings, name: str) -> SearchIndex:
    """The index for whoever finds; `name` tells the indexes of several databases apart."""
    if settings.elasticsearch_url:
        from surgeline_systems.chat.elasticsearch_index import ElasticsearchIndex  # noqa: PLC0415 - only one is wanted

        return ElasticsearchIndex(settings.elasticsearch_url, _plain(name))
    from surgeline_systems.chat.tantivy_index import TantivyIndex  # noqa: PLC0415 - only one is wanted

    return TantivyIndex(_folder(settings, name))


def open_writer(settings: SearchSettings, name: str) -> IndexWriter:
    """The same index for whoever writes."""
    if settings.elasticsearch_url:
        from surgeline_systems.chat.elasticsearch_index import ElasticsearchWriter  # noqa: PLC0415 - only one is wanted

        return ElasticsearchWriter(settings.elasticsearch_url, _plain(name))
    from surgeline_systems.chat.tantivy_index import TantivyWriter  # noqa: PLC0415 - only one is wanted

    return TantivyWriter(_folder(settings, name))


async def remove_index(settings: SearchSettings, name: str) -> None:
    """Remove all of the index, while nobody writes. A folder that was named may hold more, and stays.

    Raises: SearchError.
    """
    writer = open_writer(settings, name)
    try:
        await writer.clear()
    finally:
        await writer.close()
    if not settings.elasticsearch_url and not settings.search_folder:
        await asyncio.to_thread(shutil.rmtree, _folder(settings, name), ignore_errors=True)


def _folder(settings: SearchSettings, name: str) -> Path:
    return Path(settings.search_folder or Path(tempfile.gettempdir()) / f"surgeline-search-{_plain(name)}")


def _plain(name: str) -> str:
    """As folders and indexes may be called."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
