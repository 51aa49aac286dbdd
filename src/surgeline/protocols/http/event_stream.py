"""Server-sent events (WHATWG HTML 9.2): the bytes of a text/event-stream body, in pieces of any size, become events.

Knows nothing of requests and connections: whoever reconnects takes `last_id` and `retry` from the parser.
"""

from dataclasses import dataclass

_BOM = b"\xef\xbb\xbf"
_MOST_RETRY_DIGITS = 18


class EventTooLarge(ValueError):  # noqa: N818 - it says what is wrong
    """An event, or a line of one, is larger than the limit."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, as a browser would dispatch it."""

    type: str = "message"
    data: str = ""
    """Its data lines, joined with "\\n"."""
    id: str = ""
    """The last event id that the server had given by then; "" when it had given none."""
    retry: int | None = None
    """Milliseconds to wait before a reconnection, as the server had last asked by then; None when it had not."""


class EventParser:
    """Reads one event stream.

    `limit` is how many bytes the data of one event, with the line that is read, may have.
    """

    def __init__(self, limit: int = 1024 * 1024) -> None:
        self._limit = limit
        self._line = bytearray()
        self._is_first_line = True
        self._ended_with_cr = False
        self._type = ""
        self._data: list[str] = []
        self._data_size = 0
        self._id = ""
        self.last_id = ""
        """The id of the last event, for the Last-Event-ID field of a reconnection."""
        self.retry: int | None = None
        """Milliseconds to wait before a reconnection; None when the server has not said."""

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that these bytes complete; one that the stream leaves incomplete is never returned.

        Raises EventTooLarge; the parser is of no more use then.
        """
        if not data:
            return []
        starts_inside_crlf = self._ended_with_cr and data.startswith(b"\n")
        self._ended_with_cr = data.endswith(b"\r")
        if starts_inside_crlf:
            data = data[1:]
        events = []
        begun, *others = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._extend_line(begun)
        for line in others:
            event = self._end_line()
            if event is not None:
                events.append(event)
            self._extend_line(line)
        return events

    def _extend_line(self, data: bytes) -> None:
        self._line += data
        if len(self._line) + self._data_size > self._limit:
            raise EventTooLarge(f"event stream: expected an event of at most {self._limit:,} bytes, found a larger one")

    def _end_line(self) -> Event | None:
        line = bytes(self._line)
        self._line.clear()
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._end_event()
        name, _, value = line.partition(b":")
        self._take_field(name, value.removeprefix(b" "))
        return None

    def _take_field(self, name: bytes, value: bytes) -> None:
        """Take a field as the standard says; a comment is one whose name is empty, and ignored as all unknown ones."""
        if name == b"data":
            self._data.append(value.decode(errors="replace"))
            self._data_size += len(value) + 1
        elif name == b"event":
            self._type = value.decode(errors="replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode(errors="replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _MOST_RETRY_DIGITS:
            self.retry = int(value)

    def _end_event(self) -> Event | None:
        self.last_id = self._id
        event = None
        if self._data:
            event = Event(self._type or "message", "\n".join(self._data), self._id, self.retry)
        self._type = ""
        self._data.clear()
        self._data_size = 0
        return event
