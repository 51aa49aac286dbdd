"""What Elasticsearch is asked, and what is made of its answers, which a small server gives in its place."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from surgeline_systems.chat.elasticsearch_index import BULK
from surgeline_systems.chat.search import IndexWriter, Newest, SearchError, SearchIndex, open_index, open_writer
from surgeline_systems.chat.store import MessageRow

NAME = "chat:7561-Main:"
ROWS: list[MessageRow] = [(7, 1, 3, 'said "hi"\n', 1_001), (8, 2, 3, "Zürich", 1_002)]
NO_HITS = (200, {"hits": {"hits": []}})
DONE = (200, {"acknowledged": True})


@dataclass
class Settings:
    elasticsearch_url: str
    search_folder: str = ""


class StandIn(ThreadingHTTPServer):
    """Keeps what it is asked, and gives the answers that it was told, in this order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, body))
        self.server.headers.append(dict(self.headers))
        status, said = self.server.answers.pop(0)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - as http.server calls them

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elasticsearch() -> Iterator[StandIn]:
    with StandIn() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def write(url: str, ask: Callable[[IndexWriter], Awaitable[Any]]) -> Any:
    async def asked() -> Any:
        writer = open_writer(Settings(url), NAME)
        try:
            return await ask(writer)
        finally:
            await writer.close()

    return asyncio.run(asked())


def find(url: str, text: str, limit: int = 20) -> list[int]:
    async def asked() -> list[int]:
        index: SearchIndex = open_index(Settings(url), NAME)
        try:
            return await index.find(7, text, limit)
        finally:
            await index.close()

    return asyncio.run(asked())


def test_messages_go_there_in_one_request_by_ids_of_their_own(elasticsearch: StandIn) -> None:
    elasticsearch.answers = [(200, {"errors": False, "items": []})]
    write(elasticsearch.url, lambda writer: writer.add(ROWS, 90))
    [(method, path, body)] = elasticsearch.asked
    assert (method, path) == ("POST", "/chat-7561-main/_bulk")
    assert elasticsearch.headers[0]["Content-Type"] == "application/json"
    assert body.decode() == (
        '{"index":{"_id":"7:1"}}\n'
        '{"chat_id":7,"number":1,"created_at":1001,"position":90,"body":"said \\"hi\\"\\n"}\n'
        '{"index":{"_id":"8:2"}}\n'
        '{"chat_id":8,"number":2,"created_at":1002,"position":90,"body":"Zürich"}\n'
    )


def test_many_messages_go_there_in_several_requests(elasticsearch: StandIn) -> None:
    elasticsearch.answers = [(200, {"errors": False, "items": []})] * 2
    rows = [(7, number, 3, "hello", 1_000) for number in range(1, BULK + 2)]
    write(elasticsearch.url, lambda writer: writer.add(rows, 90))
    assert [body.count(b"\n") for _, _, body in elasticsearch.asked] == [2 * BULK, 2]
    assert f'"_id":"7:{BULK + 1}"'.encode() in elasticsearch.asked[1][2]


def test_a_message_that_it_does_not_take_is_an_error(elasticsearch: StandIn) -> None:
    refused = {"_id": "8:2", "status": 429, "error": {"type": "es_rejected_execution_exception"}}
    items = [{"index": {"_id": "7:1", "status": 201}}, {"index": refused}]
    elasticsearch.answers = [(200, {"errors": True, "items": items})]
    with pytest.raises(SearchError, match=r"does not take message 8:2: .*es_rejected_execution_exception"):
        write(elasticsearch.url, lambda writer: writer.add(ROWS, 90))


def test_the_words_are_no_query_language_and_the_newest_come_first(elasticsearch: StandIn) -> None:
    elasticsearch.answers = [(200, {"hits": {"hits": [{"_id": "7:12", "sort": [12]}, {"_id": "7:3", "sort": [3]}]}})]
    assert find(elasticsearch.url, 'NOT "a OR \ud83d', 5) == [12, 3]
    [(method, path, body)] = elasticsearch.asked
    assert (method, path) == ("POST", "/chat-7561-main/_search")
    assert json.loads(body) == {
        "size": 5,
        "_source": False,
        "track_total_hits": False,
        "query": {
            "bool": {
                "filter": [
                    {"term": {"chat_id": 7}},
                    {"match": {"body": {"query": 'NOT "a OR ?', "operator": "and", "zero_terms_query": "none"}}},
                ]
            }
        },
        "sort": [{"number": "desc"}],
    }


def test_an_index_that_nobody_has_made_yet_finds_nothing(elasticsearch: StandIn) -> None:
    elasticsearch.answers = [(404, {"error": {"type": "index_not_found_exception"}, "status": 404})]
    assert find(elasticsearch.url, "hello") == []


def test_the_writer_makes_the_index_and_sees_that_it_is_empty(elasticsearch: StandIn) -> None:
    elasticsearch.answers = [DONE, DONE, NO_HITS]
    assert write(elasticsearch.url, lambda writer: writer.newest()) is None
    assert [asked[:2] for asked in elasticsearch.asked] == [
        ("PUT", "/chat-7561-main"),
        ("POST", "/chat-7561-main/_refresh"),
        ("POST", "/chat-7561-main/_search"),
    ]
    layout = json.loads(elasticsearch.asked[0][2])["mappings"]
    assert set(layout["properties"]) == {"chat_id", "number", "created_at", "position", "body"}
    assert layout["properties"]["body"]["type"] == "text"
    assert layout["_source"] == {"enabled": False}


def test_the_writer_sees_where_an_index_ends(elasticsearch: StandIn) -> None:
    fields = {"position": [90], "chat_id": [8], "number": [2], "created_at": [1002]}
    there = (400, {"error": {"type": "resource_already_exists_exception"}, "status": 400})
    elasticsearch.answers = [there, DONE, (200, {"hits": {"hits": [{"_id": "8:2", "fields": fields, "sort": [90]}]}})]
    assert write(elasticsearch.url, lambda writer: writer.newest()) == Newest(90, 8, 2, 1002)
    wanted = json.loads(elasticsearch.asked[2][2])
    assert (wanted["size"], wanted["sort"]) == (1, [{"position": "desc"}])
    assert wanted["docvalue_fields"] == ["position", "chat_id", "number", "created_at"]


@pytest.mark.parametrize("deleted", [DONE, (404, {"error": {"type": "index_not_found_exception"}})])
def test_clearing_makes_the_index_anew(elasticsearch: StandIn, deleted: tuple[int, Any]) -> None:
    elasticsearch.answers = [deleted, DONE]
    write(elasticsearch.url, lambda writer: writer.clear())
    assert [asked[:2] for asked in elasticsearch.asked] == [("DELETE", "/chat-7561-main"), ("PUT", "/chat-7561-main")]
    assert json.loads(elasticsearch.asked[1][2])["mappings"]["dynamic"] is False


def test_the_user_of_the_url_signs_in(elasticsearch: StandIn) -> None:
    elasticsearch.answers = [NO_HITS]
    find(elasticsearch.url.replace("//", "//elastic:p%40ss@"), "hello")
    assert elasticsearch.headers[0]["Authorization"] == "Basic ZWxhc3RpYzpwQHNz"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((503, {"error": "no master"}), "answered with 503: .*no master"),
        ((401, {"error": "missing authentication"}), "answered with 401: .*missing authentication"),
        ((200, b"<html>"), "does not answer POST /chat-7561-main/_search"),
    ],
)
def test_what_is_no_answer_is_an_error_that_says_so(elasticsearch: StandIn, answer: tuple[int, Any], said: str) -> None:
    elasticsearch.answers = [answer]
    with pytest.raises(SearchError, match=f"Elasticsearch at 127.0.0.1:{elasticsearch.server_port}.*{said}"):
        find(elasticsearch.url, "hello")


def test_an_elasticsearch_that_is_away_is_an_error_that_says_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(SearchError, match=f"Elasticsearch at 127.0.0.1:{port} does not answer POST .*refused"):
            find(f"http://127.0.0.1:{port}", "hello")
