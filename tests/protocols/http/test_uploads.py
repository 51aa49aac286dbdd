"""Bodies that are read while they are sent."""

import asyncio
import io
import warnings

import pytest
from http_lab import Peer, answering, ok, play, turns
from routes_lab import answer, read, received

from surgeline.metrics import names
from surgeline.protocols.http.body_source import BodySource
from surgeline.protocols.http.exchange import Retry

LARGE = 20_000_000


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * (LARGE // 256))
    return path


class Watched(BodySource):
    """So many pieces of 64 KiB, and whether it was closed."""

    def __init__(self, pieces: int, length: int | None = None):
        self.left = pieces
        self.length = length
        self.closed = 0

    def read(self, size: int) -> bytes:
        assert not self.closed
        self.left -= 1
        return b"x" * size if self.left >= 0 else b""

    def rewind(self) -> None:
        raise ValueError("once only")

    def close(self) -> None:
        self.closed += 1


async def to_the_end_of_chunks(peer: Peer) -> bytes:
    body = b""
    while not body.endswith(b"\r\n0\r\n\r\n") and body != b"0\r\n\r\n":
        piece = await peer.reader.read(65536)
        assert piece
        body += piece
    return body


PIECES = {
    "none": ([], b"0\r\n\r\n"),
    "empty ones": ([b"", b""], b"0\r\n\r\n"),
    "one": ([b"abc"], b"3\r\nabc\r\n0\r\n\r\n"),
    "small ones are joined": ([b"ab", b"", b"c" * 14], b"10\r\nabcccccccccccccc\r\n0\r\n\r\n"),
    "a large one is cut": (
        [b"a" * 65536 + b"b"],
        b"10000\r\n" + b"a" * 65536 + b"\r\n1\r\nb\r\n0\r\n\r\n",
    ),
    "just a piece": ([b"a" * 65536], b"10000\r\n" + b"a" * 65536 + b"\r\n0\r\n\r\n"),
}


@pytest.mark.parametrize("pieces", PIECES)
@pytest.mark.parametrize("kind", [list, iter, lambda pieces: (piece for piece in pieces)], ids=["list", "iter", "gen"])
@pytest.mark.parametrize("over_tls", [False, True])
def test_an_iterable_goes_in_chunks(pieces, kind, over_tls, server_tls):
    given, expected = PIECES[pieces]

    async def handler(peer: Peer):
        while head := await peer.request():
            heads.append(read(head).fields)
            bodies.append(await to_the_end_of_chunks(peer))
            await peer.send(ok())

    async def scene(lab):
        for _ in range(2):
            assert (await lab.http.post("/", data=kind(given))).status == 200
        return lab.server.connections

    heads, bodies = [], []
    assert play(handler, scene, tls=server_tls if over_tls else None) == 1
    assert bodies == [expected] * 2
    assert all(one["transfer-encoding"] == "chunked" and "content-length" not in one for one in heads)


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 600_000])
@pytest.mark.parametrize("over_tls", [False, True])
def test_a_file_goes_with_its_length(size, over_tls, tmp_path, server_tls):
    path = tmp_path / "f"
    path.write_bytes(b"z" * size)

    async def scene(lab):
        with path.open("rb") as opened:
            for body in (path, opened, io.BytesIO(b"z" * size)):
                assert (await lab.http.put("/", data=body)).status == 200
        assert [one.fields["content-length"] for one in received(lab)] == [str(size)] * 3
        assert all(one.body == b"z" * size for one in received(lab))
        return lab.server.connections, lab.only()[1].count

    assert play(answering(ok()), scene, tls=server_tls if over_tls else None) == (1, 3)


def test_a_form_with_files(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG")

    async def scene(lab):
        await lab.http.post("/", data={"a": "b"}, files={"one": path, "two": ("t.txt", b"text")})
        await lab.http.post("/", files={"one": b"x"})
        return received(lab)

    sent, other = play(answering(ok()), scene)
    kind, _, boundary = sent.fields["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    assert sent.body == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="one"; filename="picture.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode() + b"\x89PNG\r\n" + (
        f'--{boundary}\r\nContent-Disposition: form-data; name="two"; filename="t.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\ntext\r\n--{boundary}--\r\n"
    ).encode()  # fmt: skip
    assert other.fields["content-type"] != sent.fields["content-type"]


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_server_that_reads_slowly(over_tls, large, server_tls):
    async def handler(peer: Peer):
        head = await peer.reader.readuntil(b"\r\n\r\n")
        left = int(read(head).fields["content-length"])
        while left:
            await turns(3)
            piece = await peer.reader.read(min(left, 200_000))
            sizes.append(len(piece))
            left -= len(piece)
        await peer.send(ok(b"all"))

    async def scene(lab):
        assert (await lab.http.post("/", data=large)).text == "all"
        return lab.only(names.DATA_SENT)[1].count >= large.stat().st_size

    sizes = []
    assert play(handler, scene, tls=server_tls if over_tls else None)
    assert sum(sizes) == large.stat().st_size


@pytest.mark.parametrize("over_tls", [False, True])
@pytest.mark.parametrize("keeps", [[], ["Connection: close"]])
def test_an_early_answer_ends_the_upload_and_the_connection(over_tls, keeps, server_tls):
    async def handler(peer: Peer):
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(answer(413, *keeps, body=b"too much"))
        await peer.end()

    async def scene(lab):
        for _ in range(2):
            source = Watched(1_000_000)
            response = await lab.http.post("/", data=source)
            assert (response.status, response.body, source.closed) == (413, b"too much", 1)
            assert source.left > 900_000
        return lab.server.connections, lab.only()[1].count

    assert play(handler, scene, tls=server_tls if over_tls else None) == (2, 2)


@pytest.mark.parametrize("change", ["shrinks", "grows", "goes"])
@pytest.mark.parametrize("retries", [0, Retry(1, wait=0)])
def test_a_file_that_changes(change, retries, tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"z" * 100_000)

    async def scene(lab):
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            call = lab.http.post("/", data=path, retries=retries)
            if change == "goes":
                path.unlink()
            else:
                path.write_bytes(b"z" * (50_000 if change == "shrinks" else 150_000))
            response = await call
        assert (response.status, response.error_code, response.ok) == (0, 1721, False)
        assert response.error.startswith("the request's body could not be read: ")
        await turns(20)
        return response.retries, lab.only()[1].count

    times = 1 if retries else 0
    assert play(reading, scene) == (times, times + 1)


async def reading(peer: Peer):
    await peer.end()


class BrokenError(Exception):
    pass


def raising():
    yield b"ab"
    raise BrokenError("no more")


@pytest.mark.parametrize(
    ("body", "words"),
    [(raising, "BrokenError"), (lambda: iter([b"a", "text"]), "TypeError")],
)
def test_what_a_script_raises_in_the_middle(body, words):
    async def scene(lab):
        response = await lab.http.post("/", data=body())
        return response.error_code, response.error, lab.only()[0]["error_code"]

    assert play(reading, scene) == (1721, f"the request's body could not be read: {words}", "1721")


ENDINGS = ["answered", "reset", "timed out", "cancelled", "abandoned", "closed", "refused"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("over_tls", [False, True])
def test_the_source_is_closed_in_every_ending(ending, over_tls, server_tls):
    async def handler(peer: Peer):
        await peer.reader.readuntil(b"\r\n\r\n")
        if ending == "answered":
            await to_the_end_of_chunks(peer)
            await peer.send(ok())
        elif ending == "reset":
            peer.reset()
        await gate.wait()

    async def scene(lab):
        source = Watched(3 if ending == "answered" else 1_000_000)
        url = "http://127.0.0.1:1/" if ending == "refused" else "/"
        call = lab.http.post(url, data=source, timeout=0.1 if ending == "timed out" else 20)
        if ending in {"cancelled", "abandoned", "closed"}:
            await turns(50)
            lab.user.interrupted = ending == "abandoned"
            lab.http.close() if ending == "closed" else call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        else:
            assert (await call).ok == (ending == "answered")
        gate.set()
        return source.closed

    gate = asyncio.Event()
    assert play(handler, scene, tls=server_tls if over_tls else None) == 1


def test_a_body_that_cancels_its_own_call():
    async def scene(lab):
        def body():
            yield b"a" * 70_000
            calls[0].cancel()
            yield b"b" * 70_000

        calls.append(lab.http.post("/", data=Closed(body())))
        with pytest.raises(asyncio.CancelledError):
            await calls[0]
        return lab.only()[0]["error_code"]

    class Closed(BodySource):
        """Not closed from inside itself, as a generator cannot be."""

        length = None

        def __init__(self, pieces):
            self.pieces = pieces

        def read(self, size):
            return next(self.pieces, b"")

        def rewind(self):
            raise ValueError

        def close(self):
            pass

    calls = []
    assert play(reading, scene) == "1051"


def cancelling_itself(call):
    yield b"a" * 70_000
    call().cancel()
    yield b"b" * 70_000


def raising_at_its_end(call):
    try:
        yield b"a" * 70_000
        asyncio.get_running_loop().call_soon(lambda: call().cancel())
        while True:
            yield b"b" * 70_000
    finally:
        raise BrokenError("at the end")


@pytest.mark.parametrize(
    ("body", "words"), [(cancelling_itself, "generator already executing"), (raising_at_its_end, "at the end")]
)
def test_a_generator_that_cannot_be_closed_is_told_of_and_ends_its_own_call_alone(body, words):
    async def scene(lab):
        told = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
        call = lab.http.post("/", data=body(lambda: call))
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await lab.http.get("/")).status == 200
        (context,) = told
        assert words in str(context["exception"])
        assert context["message"] == "Exception when the body of a request was closed"
        return sorted(tags.get("error_code", "") for tags, _ in lab.series())

    async def handler(peer: Peer):
        if (await peer.request()).startswith(b"GET"):
            await peer.send(ok())
        await peer.end()

    assert play(handler, scene) == ["", "1051"]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_that_is_sent_compressed(coding):
    import gzip
    import zlib

    async def scene(lab):
        await lab.http.post("/", json={"a": "b" * 1000}, compression=coding, headers={"content-encoding": "x"})
        return received(lab)[0]

    sent = play(answering(ok()), scene)
    assert sent.fields["content-encoding"] == coding
    assert sent.fields["content-type"] == "application/json"
    unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress}[coding]
    assert unpack(sent.body) == b'{"a":"' + b"b" * 1000 + b'"}'


def test_a_file_that_is_not_there():
    async def scene(lab):
        from pathlib import Path

        with pytest.raises(FileNotFoundError):
            lab.http.post("/", data=Path("/nowhere/f"))
        return lab.server.connections

    assert play(reading, scene) == 0


def never_ends():
    try:
        while True:
            yield b"{}," * 10_000
    finally:
        yield b"]"  # to close this is a RuntimeError


def raises_at_its_end():
    try:
        while True:
            yield b"x" * 10_000
    finally:
        raise OSError("at its end")


def ends_with(error):
    def body():
        yield b"x"
        raise error

    return body


@pytest.mark.parametrize("body", [never_ends, raises_at_its_end])
@pytest.mark.parametrize("way", ["answered early", "cancelled", "streamed and reset"])
def test_a_generator_that_raises_when_it_is_closed_harms_nobody(body, way):
    async def handler(peer: Peer):
        await peer.reader.readuntil(b"\r\n\r\n")
        if way == "answered early":
            await peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        elif way == "streamed and reset":
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
            peer.reset()
        await peer.end()

    async def scene(lab):
        told = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context["message"]))
        if way == "streamed and reset":
            async with lab.http.stream("POST", "/", data=body()) as response:
                await response.read()
            assert response.error
        else:
            call = lab.http.post("/", data=body())
            await turns(20)
            if way == "cancelled":
                call.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await call
            else:
                assert (await call).status == 413
        return told, lab.only()[1].count

    assert play(handler, scene) == (["Exception when the body of a request was closed"], 1)


@pytest.mark.parametrize("error", [asyncio.CancelledError(), GeneratorExit()], ids=repr)
def test_a_generator_that_raises_what_is_no_exception(error):
    async def scene(lab):
        return (await lab.http.post("/", data=ends_with(error)())).error_code

    assert play(reading, scene) == 1721


def test_a_body_from_a_source_is_never_sent_again_in_part():
    """A request that changes nothing is sent again when its kept connection ends; this one's body is read by then."""

    async def handler(peer: Peer):
        if peer.server.connections == 1:
            await peer.request()
            await peer.send(ok())
            await to_the_end_of_chunks(peer)
            await peer.close()
        else:
            peer.server.requests.append(await peer.reader.read(65536))
            await peer.send(ok())

    async def scene(lab):
        await lab.http.get("/")
        response = await lab.http.request("GET", "/_search", data=[b'{"q":1}'])
        return response.error_code, lab.server.connections

    assert play(handler, scene) == (1221, 1)
