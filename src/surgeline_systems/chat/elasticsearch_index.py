"""The search index in an Elasticsearch, by the few requests of its HTTP interface that it takes. It must not know the
database.

A message has its chat and number as its id there: whoever adds it again, from whichever writer, replaces it by itself.
"""

import asyncio
import base64
import http.client
import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from surgeline_systems.chat.search import Newest, SearchError
from surgeline_systems.chat.store import MessageRow

TIMEOUT_SECONDS = 10.0
# Bodies of this many messages stay far below the 100 MB that are allowed, and are answered in a fraction of a second.
BULK = 1_000

LAYOUT = {
    "settings": {"number_of_shards": 1, "refresh_interval": "1s"},
    "mappings": {
        "dynamic": False,
        "_source": {"enabled": False},
        "properties": {
            "chat_id": {"type": "long"},
            "number": {"type": "long"},
            "created_at": {"type": "long", "index": False},
            "position": {"type": "long"},
            "body": {"type": "text", "index_options": "docs", "norms": False},
        },
    },
}
NEWEST = {
    "size": 1,
    "_source": False,
    "track_total_hits": False,
    "query": {"exists": {"field": "position"}},
    "sort": [{"position": "desc"}],
    "docvalue_fields": ["position", "chat_id", "number", "created_at"],
}


class ElasticsearchIndex:
    """Finds in an index."""

    def __init__(self, url: str, name: str) -> None:
        self._link = _Link(url)
        self._search = f"/{name}/_search"

    async def find(self, chat_id: int, text: str, limit: int) -> list[int]:
        """See SearchIndex."""
        wanted = {
            "size": limit,
            "_source": False,
            "track_total_hits": False,
            "query": {"bool": {"filter": [{"term": {"chat_id": chat_id}}, _holds_all(text)]}},
            "sort": [{"number": "desc"}],
        }
        answered = await self._link.ask("POST", self._search, json.dumps(wanted), also=404)
        return [hit["sort"][0] for hit in _hits(answered)]

    async def close(self) -> None:
        """See SearchIndex: nothing stays open."""


class ElasticsearchWriter:
    """Writes an index, maybe beside others."""

    # What several writers put there within some seconds: one that ended meanwhile may lack any of it.
    margin = 20_000

    def __init__(self, url: str, name: str) -> None:
        self._link = _Link(url)
        self._index = f"/{name}"

    async def newest(self) -> Newest | None:
        """See IndexWriter."""
        await self._link.ask("PUT", self._index, json.dumps(LAYOUT), also=400)  # 400: it is there
        await self._link.ask("POST", f"{self._index}/_refresh")
        for hit in _hits(await self._link.ask("POST", f"{self._index}/_search", json.dumps(NEWEST))):
            found = hit["fields"]
            return Newest(*(found[name][0] for name in ("position", "chat_id", "number", "created_at")))
        return None

    async def add(self, rows: Sequence[MessageRow], position: int) -> None:
        """See IndexWriter."""
        for start in range(0, len(rows), BULK):
            body = b"\n".join(_lines(rows[start : start + BULK], position)) + b"\n"
            answered = await self._link.ask("POST", f"{self._index}/_bulk", body)
            if answered["errors"]:
                refused = next(item["index"] for item in answered["items"] if "error" in item["index"])
                raise SearchError(f"Elasticsearch does not take message {refused['_id']}: {refused['error']}")

    async def clear(self) -> None:
        """See IndexWriter."""
        await self._link.ask("DELETE", self._index, also=404)
        await self._link.ask("PUT", self._index, json.dumps(LAYOUT))

    async def close(self) -> None:
        """See IndexWriter: nothing stays open."""


class _Link:
    """Asks an Elasticsearch, over a connection for each request: there are few."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port = parts.hostname or "", parts.port or 9200
        self._headers = {"Content-Type": "application/json"}
        if parts.username:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"

    async def ask(self, method: str, path: str, body: str | bytes | None = None, *, also: int = 200) -> Any:
        """The answer, in a thread; `also` is a status that is as good as success. Raises: SearchError."""
        try:
            status, answered = await asyncio.to_thread(self._exchange, method, path, body)
            if status >= 300 and status != also:
                raise SearchError(f"{self}: {method} {path} was answered with {status}: {answered[:500]!r}")
            return json.loads(answered)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SearchError(f"{self} does not answer {method} {path}: {error}") from error

    def _exchange(self, method: str, path: str, body: str | bytes | None) -> tuple[int, bytes]:
        connection = self._connect(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, self._headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def __str__(self) -> str:
        return f"Elasticsearch at {self._host}:{self._port}"


def _holds_all(text: str) -> dict[str, Any]:
    """A query of words alone: nothing in it is an operator."""
    words = {"query": text.encode(errors="replace").decode(), "operator": "and", "zero_terms_query": "none"}
    return {"match": {"body": words}}


def _lines(rows: Sequence[MessageRow], position: int) -> Iterator[bytes]:
    encode = msgspec.json.encode
    for chat_id, number, _, body, created_at in rows:
        yield encode({"index": {"_id": f"{chat_id}:{number}"}})
        yield encode(
            {"chat_id": chat_id, "number": number, "created_at": created_at, "position": position, "body": body}
        )


def _hits(answered: Any) -> list[Any]:
    """None where there is no index yet."""
    found: list[Any] = answered.get("hits", {}).get("hits", [])
    return found
