"""Server-sent events, by the examples and rules of the WHATWG standard, however the bytes are split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.protocols.http.event_stream import Event, EventParser, EventTooLarge

STREAMS = {
    # The examples of the standard, section 9.2.6.
    "a data field of three lines": (
        b"data: YHOO\ndata: +2\ndata: 10\n\n",
        [Event(data="YHOO\n+2\n10")],
    ),
    "comment, id, reset of the id, leading space, incomplete event": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event",
        [Event(data="first event", id="1"), Event(data="second event", id="")],
    ),
    "two events, one of nothing and one of a line feed": (b"data\n\ndata\ndata\n\ndata:", [Event(), Event(data="\n")]),
    "a space after the colon is ignored": (b"data:test\n\ndata: test\n\n", [Event(data="test"), Event(data="test")]),
    "only one space is": (b"data:  a\ndata:\tb\n\n", [Event(data=" a\n\tb")]),
    # Its rules, sections 9.2.5 and 9.2.6.
    "types": (
        b"event: add\ndata: 1\n\nevent:remove\ndata: 2\n\ndata: 3\n\nevent\ndata: 4\n\n",
        [Event("add", "1"), Event("remove", "2"), Event("message", "3"), Event("message", "4")],
    ),
    "the last type counts": (b"event: a\nevent: b\ndata\n\n", [Event("b")]),
    "a type without data is dropped": (b"event: a\n\ndata: 1\n\n", [Event("message", "1")]),
    "ids are kept": (b"id: 1\ndata: a\n\ndata: b\n\n", [Event(data="a", id="1"), Event(data="b", id="1")]),
    "an id without data is kept": (b"id: 1\n\ndata: a\n\n", [Event(data="a", id="1")]),
    "an id with NUL is ignored": (b"id: 1\nid: 2\0\ndata: a\n\n", [Event(data="a", id="1")]),
    "retry": (b"retry: 250\ndata: a\n\ndata: b\n\n", [Event(data="a", retry=250), Event(data="b", retry=250)]),
    "retry alone": (b"retry:0\n\ndata: a\n\n", [Event(data="a", retry=0)]),
    "retry of other than digits": (
        "retry:\nretry: 1s\nretry: -1\nretry: +1\nretry: 1 \nretry:  1\nretry: 1.5\nretry: \u0661\ndata\n\n".encode(),
        [Event()],
    ),
    "comments and unknown fields": (
        b":\n:data: a\ndatas: b\n data: c\nDATA: d\nData\n\xff: e\ndata: f\n\n",
        [Event(data="f")],
    ),
    "colons in data": (b"data: a: b:\n\n", [Event(data="a: b:")]),
    "blank lines alone": (b"\n\n\r\r\r\n\r\n", []),
    "LF": (b"data: a\ndata: b\n\ndata: c\n\n", [Event(data="a\nb"), Event(data="c")]),
    "CR": (b"data: a\rdata: b\r\rdata: c\r\r", [Event(data="a\nb"), Event(data="c")]),
    "CRLF": (b"data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", [Event(data="a\nb"), Event(data="c")]),
    "all line ends": (b"data: a\r\ndata: b\r\rdata: c\n\r\n", [Event(data="a\nb"), Event(data="c")]),
    "retry of very many digits": (b"retry: " + b"9" * 5000 + b"\ndata\n\n", [Event()]),
    "CR, then LF of the next line": (b"data: a\r\n\ndata: b\n\r\n", [Event(data="a"), Event(data="b")]),
    "a byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [Event(data="a")]),
    "only the first byte order mark": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", []),
    "a byte order mark and a blank line": (b"\xef\xbb\xbf\ndata: a\n\n", [Event(data="a")]),
    "a byte order mark in data": (b"data: \xef\xbb\xbfa\n\n", [Event(data="\ufeffa")]),
    "UTF-8": ("event: Grüße\nid: 日本\ndata: 🎉\n\n".encode(), [Event("Grüße", "🎉", "日本")]),
    "other separators are none": ("data: a\u2028b\x85c\x0b\x0c\n\n".encode(), [Event(data="a\u2028b\x85c\x0b\x0c")]),
    "what is not UTF-8": (b"data: a\xffb\xe2\x82\ndata: \xf0\x9f\n\n", [Event(data="a\ufffdb\ufffd\n\ufffd")]),
    "incomplete, after a line": (b"data: a\n\ndata: b\n", [Event(data="a")]),
    "nothing": (b"", []),
}  # fmt: skip


@pytest.mark.parametrize("kind", STREAMS)
def test_at_once(kind):
    stream, events = STREAMS[kind]
    assert EventParser().feed(stream) == events


@pytest.mark.parametrize("kind", STREAMS)
def test_split_in_two_at_every_byte(kind):
    stream, events = STREAMS[kind]
    for at in range(len(stream) + 1) if len(stream) < 1000 else range(0, len(stream), 97):
        parser = EventParser()
        assert parser.feed(stream[:at]) + parser.feed(b"") + parser.feed(stream[at:]) == events


@pytest.mark.parametrize("kind", STREAMS)
def test_byte_by_byte(kind):
    stream, events = STREAMS[kind]
    parser = EventParser()
    assert [event for at in range(len(stream)) for event in parser.feed(stream[at : at + 1])] == events


def test_an_event_is_there_as_soon_as_its_blank_line_has_begun():
    parser = EventParser()
    assert parser.feed(b"data: a\r\n\r") == [Event(data="a")]
    assert parser.feed(b"\ndata: b\r\n") == []
    assert parser.feed(b"\r") == [Event(data="b")]


FIELD_NAMES = [b"data", b"event", b"id", b"retry"]
SEPARATORS = [b":", b" ", b"\r", b"\n", b"\r\n", b"\0"]
PIECES = st.sampled_from([*FIELD_NAMES, *SEPARATORS, b"1", b"x", b"\xc3", b"\xbc", b"\xef\xbb\xbf"])


@given(st.lists(PIECES, max_size=60).map(b"".join), st.lists(st.integers(0, 12)))
def test_however_it_is_split(stream, sizes):
    whole, parts = EventParser(), EventParser()
    events = []
    rest = stream
    for size in sizes:
        events += parts.feed(rest[:size])
        rest = rest[size:]
    assert events + parts.feed(rest) == whole.feed(stream)
    assert (parts.last_id, parts.retry) == (whole.last_id, whole.retry)


def standard(stream: bytes) -> list[tuple[str, str, str]]:
    """Return (type, data, last event id) of the events, word for word by the steps of the standard."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    data = kind = last_id = ""
    events = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]:
        if line == "":
            if data != "":
                events.append((kind or "message", data[:-1], last_id))
            data = kind = ""
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                kind = value
            elif field == "data":
                data += value + "\n"
            elif field == "id" and "\0" not in value:
                last_id = value
    return events


@given(st.lists(PIECES, max_size=60).map(b"".join))
def test_as_the_standard_says(stream):
    assert [(event.type, event.data, event.id) for event in EventParser().feed(stream)] == standard(stream)


def test_what_a_reconnection_needs():
    parser = EventParser()
    assert (parser.last_id, parser.retry) == ("", None)
    parser.feed(b"id: 1\n\nretry: 30\nid: 2\ndata: incomplete\n")
    assert (parser.last_id, parser.retry) == ("1", 30)
    parser.feed(b"\nid\n\n")
    assert (parser.last_id, parser.retry) == ("", 30)


LIMITED = {
    "a line": (b"data:" + b"x" * 95, b"x"),
    "a line and its end": (b"data:" + b"x" * 95 + b"\n\n", b""),
    "a comment": (b":" + b"x" * 99, b"x"),
    "several lines": (b"data:" + b"x" * 49 + b"\n" + b"data:" + b"x" * 45, b"x"),
    "lines of nothing": (b"data\n" * 96 + b"data", b"\ndata"),
}


@pytest.mark.parametrize("kind", LIMITED)
@pytest.mark.parametrize("size", [1, 1000])
def test_an_event_too_large(kind, size):
    allowed, more = LIMITED[kind]
    parser = EventParser(limit=100)
    for at in range(0, len(allowed), size):
        parser.feed(allowed[at : at + size])
    if more:
        with pytest.raises(EventTooLarge, match="expected an event of at most 100 bytes, found a larger one"):
            parser.feed(more)


def test_a_line_that_is_complete_is_limited_too():
    with pytest.raises(EventTooLarge):
        EventParser(limit=100).feed(b"data:" + b"x" * 96 + b"\n\n")


def test_many_comments_and_events_are_not_one_event():
    parser = EventParser(limit=20)
    assert parser.feed(b": still here\n" * 100) == []
    assert parser.feed(b"data: 0123456789\n\n" * 100) == [Event(data="0123456789")] * 100


def test_the_limit_that_nobody_gave():
    parser = EventParser()
    assert len(parser.feed(b"data: " + b"x" * 1_000_000 + b"\n\n")[0].data) == 1_000_000
    with pytest.raises(EventTooLarge, match="1,048,576 bytes"):
        parser.feed(b"data: " + b"x" * 1_048_576)
