"""Accepted messages that travel together, as bytes. It must not know who sends them, nor what carries them."""

import msgspec

from surgeline_systems.chat.store import MessageRow

MOST_ROWS = 500


class BatchError(Exception):
    """These bytes are no batch; the text says why."""


class Batch(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Messages with their numbers. One that comes twice is written once: the id is for people who look for it."""

    id: str
    rows: list[MessageRow]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


def encode(batch: Batch) -> bytes:
    """The batch as bytes."""
    return _encoder.encode(batch)


def decode(payload: bytes) -> Batch:
    """The batch of these bytes. Raises: BatchError."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BatchError(f"expected a batch of messages, found {len(payload):,} bytes: {error}") from error
