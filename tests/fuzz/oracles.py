"""What has to hold after a scene, whatever the server did, and after many."""

import gc
from collections import Counter
from pathlib import Path
from typing import Any

from http_lab import open_descriptors
from tests.fuzz.hostile_server import HostileServer
from tests.fuzz.script import ContractError, Script, check_response

from surgeline._native.poller import Channel, Wakeable
from surgeline.metrics import names
from surgeline.protocols.http.response import Response

__all__ = ["check_descriptors", "check_scene", "left_objects", "open_descriptors", "resident_bytes"]


def _endings(script: Script) -> Counter[str]:
    """Return how many calls ended in each way. Raises ContractError for one that did not end, or that ended wrongly."""
    found: Counter[str] = Counter()
    for call in script.calls:
        if not call.future.done():
            raise ContractError(f"{call} has not ended")
        if call.future.cancelled():
            found["cancelled"] += 1
            continue
        response = call.future.result()
        check_response(call, response)
        found[str(response.status)] += 1
    return found


def check_scene(script: Script, server: HostileServer, complaints: list[dict[str, Any]]) -> Counter[str]:
    """Raise ContractError for what does not fit together; return how the calls ended."""
    for task in script.tasks:
        if not task.cancelled():  # one that never began
            task.result()
    if complaints:
        raise ContractError(f"given to the loop's exception handler: {complaints}")
    ended = _endings(script)
    _check_session(script.lab.http)
    _check_samples(script, ended)
    _check_bytes(script, server)
    return ended


def _check_session(session: Any) -> None:
    """A closed session holds no connection, neither in use nor idle."""
    lists = [found for found in gc.get_referents(session) if isinstance(found, list)]
    for idle in (found for found in gc.get_referents(session) if isinstance(found, dict)):
        lists += [found for found in idle.values() if isinstance(found, list)]
    left = [each for found in lists for each in found if isinstance(each, Channel)]
    if left:
        raise ContractError(f"a closed session still holds {left}")


def _check_samples(script: Script, ended: Counter[str]) -> None:
    """Each hop of each call is one sample, but those that the end of the user cut short."""
    samples: Counter[str] = Counter()
    for tags, value in script.lab.series(names.HTTP_REQS):
        samples[tags["status"]] += int(value.count)
    before = Counter(str(hop.status) for response in _responses(script) for hop in response.history)
    abandoned, streamed = script.lab.user.abandoned, sum(call.is_streamed for call in script.calls)
    expected = ended.total() + before.total() + script.forgotten - abandoned
    # What came before the end is not told of a call that was cut short; a stream may be counted later or not at all.
    is_told = not (script.forgotten or abandoned or streamed or ended["cancelled"])
    if samples.total() < expected - streamed or (is_told and samples.total() != expected):
        raise ContractError(f"{samples} do not add up to {ended}, {before} before, {script.forgotten} forgotten")
    if is_told and any(samples[status] != (ended + before)[status] for status in ended + before if _number(status)):
        raise ContractError(f"{samples} are not {ended} and {before} before")
    failed = sum(value.passes + value.fails for _, value in script.lab.series(names.HTTP_REQ_FAILED))
    response_times = sum(value.histogram.count for _, value in script.lab.series(names.HTTP_REQ_RESPONSE_TIME))
    if not failed == response_times == samples.total():
        raise ContractError(f"{samples}, but {failed} in http_req_failed and {response_times} response times")


def _responses(script: Script) -> list[Response]:
    return [call.future.result() for call in script.calls if not call.future.cancelled()]


def _number(status: str) -> int:
    """Return a status as a number, 0 for a call that has none."""
    return int(status) if status.isdigit() else 0


def _check_bytes(script: Script, server: HostileServer) -> None:
    """Nothing was received that was not sent. What went to connections that were given up is not counted."""
    sent, received = (
        sum(value.count for _, value in script.lab.series(metric)) for metric in (names.DATA_SENT, names.DATA_RECEIVED)
    )
    came = sum(peer.wire.bytes_in for peer in server.peers)
    went = sum(peer.wire.bytes_out for peer in server.peers)
    if received > went:
        raise ContractError(f"{received} bytes counted as received, {went} sent by the server")
    if not server.has_tls and not script.lab.user.abandoned and sent < came:
        raise ContractError(f"{sent} bytes counted as sent, {came} received by the server")


def check_descriptors(before: set[int]) -> None:
    """Raise ContractError unless the same descriptors are open as before a scene."""
    changed = open_descriptors() ^ before
    if changed:
        raise ContractError(f"descriptors that a scene left open, or closed: {changed}")


def left_objects() -> Counter[str]:
    """Return how many sessions, connections and calls are alive, once what is not in use has been collected."""
    gc.collect()
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, Wakeable))


def resident_bytes() -> int:
    """Return how much memory this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
