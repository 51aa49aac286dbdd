"""Unary calls: what is sent, what a script gets, how each way of ending is counted, by us and by the server."""

import gc
import re

import grpc
import pytest
from grpc_lab import run, run_raising

from surgeline._native.http2_connection import Channel

CLIENT = 'client = grpc.Client(TARGET, protos=["events.proto"], include=["protos"])\n'
ONCE = "@scenario(shared_iterations(vus=1, iterations=1))\n"
TAGS = ("service", "method", "rpc_type", "status", "name")


def once(lines, client=CLIENT):
    body = "\n".join(f"    {line}" for line in lines.strip().splitlines())
    return f"{client}{ONCE}async def calls(vu):\n{body}\n"


def test_a_call_sends_a_message_and_returns_the_answer_with_metadata_both_ways(tmp_path, server):
    lines = """
found.append(await client.call(
    vu, "events.Handler/OnLogin", {"user_id": "u1", "number": 9}, metadata={"X-Trace": "abc", "x-id-bin": b"\\x00"}))
"""
    ran = run(tmp_path, once(lines), target=server.target)

    (response,) = ran.found
    assert (response.ok, response.status, response.code, response.error) == (True, "OK", 0, "")
    assert (response.message.accepted, response.message.text, response.message.number) == (True, "hello u1", 9)
    assert response.headers["x-served-by"] == "one"
    assert (response.trailers["x-cost"], response.trailers["x-raw-bin"]) == ("7", b"\x00\x01")
    assert response.timings.response_time >= response.timings.duration > 0
    assert server.metadata["x-trace"] == "abc"
    assert server.metadata["x-id-bin"] == b"\x00"
    assert server.metadata["user-agent"].startswith("surgeline")


def test_samples_have_k6s_metrics_and_tags(tmp_path, server):
    lines = """
await client.call(vu, "events.Handler/OnLogin", {"user_id": "u1"})
await client.call(vu, "/events.Handler/OnLogin", {"user_id": "NOT_FOUND"}, name="missing", tags={"shard": "3"})
"""
    ran = run(tmp_path, once(lines), target=server.target)

    path = "events.Handler", "OnLogin", "unary"
    assert ran.by_tag("grpc_reqs", *TAGS) == {(*path, "0", "/events.Handler/OnLogin"): 1, (*path, "5", "missing"): 1}
    assert ran.value("grpc_reqs", url=f"{server.target}/events.Handler/OnLogin", scenario="calls") == 2
    assert ran.value("grpc_reqs", shard="3", error="NOT_FOUND") == 1
    assert ran.value("grpc_req_failed", "passes") == 1
    for metric in ("grpc_req_duration", "grpc_req_response_time"):
        assert ran.value(metric) == 2
    assert [(row.kind.value, row.title, row.count) for row in ran.result.requests] == [
        ("gRPC calls", "/events.Handler/OnLogin", 1),
        ("gRPC calls", "missing", 1),
    ]


def test_every_status_is_counted_as_the_server_counts_it(tmp_path, server):
    statuses = [code.name for code in grpc.StatusCode]
    body = f"""
{CLIENT}
@scenario(per_vu_iterations(vus=3, iterations=2))
async def calls(vu):
    for status in {statuses}:
        response = await client.call(vu, "events.Handler/OnLogin", {{"user_id": status}})
        check(response, {{"as asked": response.status == status and response.ok == (status == "OK")}})
        check(response, {{"says why": response.error == ("" if response.ok else "as you wish")}})
"""
    ran = run(tmp_path, body, target=server.target)

    assert server.counts == {("OnLogin", status): 6 for status in statuses}
    assert ran.by_tag("grpc_reqs", "status") == {(str(code.value[0]),): 6 for code in grpc.StatusCode}
    assert ran.by_tag("grpc_reqs", "error") == {("" if name == "OK" else name,): 6 for name in statuses}
    assert (ran.value("grpc_req_failed", "passes"), ran.value("grpc_req_failed", "fails")) == (6 * 16, 6)
    assert ran.value("checks", "fails") == 0
    assert {failure.message for failure in ran.result.failures} == {
        f"/events.Handler/OnLogin: {name}" for name in statuses if name != "OK"
    }


def test_statuses_that_are_expected_are_no_failure(tmp_path, server):
    lines = """
for status in ("NOT_FOUND", "OK", "ABORTED"):
    response = await client.call(vu, "events.Handler/OnLogin", {"user_id": status}, expect=("OK", "NOT_FOUND"))
    found.append(response.ok)
found.append((await client.call(vu, "events.Handler/OnLogin", {"user_id": "ABORTED"}, expect="ABORTED")).ok)
"""
    ran = run(tmp_path, once(lines), target=server.target)

    assert ran.found == [True, True, False, True]
    assert ran.value("grpc_req_failed", "passes") == 1


def test_an_answer_that_is_another_message_has_failed(tmp_path, server):
    lines = 'found.append(await client.call(vu, "events.Handler/OnLogin", {"user_id": "garbage"}))'
    ran = run(tmp_path, once(lines), target=server.target)

    (response,) = ran.found
    assert (response.ok, response.status, response.message) == (False, "INTERNAL", None)
    assert response.error == "expected the message events.Answer, found 2 bytes that are none"
    assert ran.value("grpc_req_failed", "passes", status="13") == 1


def test_a_deadline_ends_a_call(tmp_path, server):
    lines = 'found.append(await client.call(vu, "events.Handler/OnLogin", {"user_id": "slow"}, timeout="50ms"))'
    ran = run(tmp_path, once(lines), target=server.target)

    assert [response.status for response in ran.found] == ["DEADLINE_EXCEEDED"]
    assert ran.found[0].timings.duration >= 50
    assert ran.value("grpc_reqs", status="4") == 1


def test_the_clients_deadline_and_metadata_hold_for_all_calls(tmp_path, server):
    client = CLIENT.replace(")\n", ', timeout=0.05, metadata={"authorization": "Bearer a", "x-one": "1"})\n')
    lines = """
await client.call(vu, "events.Handler/OnLogin", {"user_id": "slow"}, metadata={"x-one": "2"})
"""
    ran = run(tmp_path, once(lines, client), target=server.target)

    assert ran.value("grpc_reqs", status="4") == 1
    assert (server.metadata["authorization"], server.metadata["x-one"]) == ("Bearer a", "2")


def test_a_server_that_is_not_there_fails_calls_and_does_not_make_users_spin(tmp_path):
    body = f"""
{CLIENT}
@scenario(constant_vus(vus=2, duration="300ms"))
async def calls(vu):
    response = await client.call(vu, "events.Handler/OnLogin", {{"user_id": "u1"}})
    check(response, {{"gone": response.status == "UNAVAILABLE" and "refused" in response.error}})
"""
    ran = run(tmp_path, body, target="127.0.0.1:1")

    assert 0 < ran.value("grpc_reqs") <= 2 * 30
    assert ran.value("grpc_reqs") == ran.value("grpc_reqs", status="14", error="UNAVAILABLE")


def test_a_server_that_goes_away_and_comes_back_is_found_again(tmp_path, server):
    lines = """
found.append((await client.call(vu, "events.Handler/OnLogin", {"user_id": "go away"})).status)
while not (await client.call(vu, "events.Handler/OnLogin", {"user_id": "u1"})).ok:
    await vu.sleep(0.02)
found.append("back")
"""
    ran = run(tmp_path, once(lines), target=server.target)

    assert ran.found in (["UNAVAILABLE", "back"], ["CANCELLED", "back"])  # the server's own word comes through, or not
    assert server.counts == {("OnLogin", "OK"): ran.value("grpc_reqs", status="0")} == {("OnLogin", "OK"): 1}


def test_what_a_script_cancels_has_failed_and_what_the_run_cuts_off_has_not(tmp_path, server):
    body = f"""
{CLIENT}
@scenario(shared_iterations(vus=1, iterations=1, max_duration="400ms"), graceful_stop=0)
async def calls(vu):
    try:
        async with asyncio.timeout(0.05):
            await client.call(vu, "events.Handler/OnLogin", {{"user_id": "slow"}})
    except TimeoutError:
        found.append("cancelled")
    await client.call(vu, "events.Handler/OnLogin", {{"user_id": "slow"}})
"""
    ran = run(tmp_path, body, target=server.target)

    assert ran.found == ["cancelled"]
    assert ran.by_tag("grpc_reqs", "status", "error") == {("1", "CANCELLED"): 1}
    assert ran.result.health.abandoned_requests == 1


@pytest.mark.parametrize(("connections", "expected"), [("vu", 3), ("shared", 1)])
def test_each_user_has_a_connection_or_all_share_one(tmp_path, server, connections, expected):
    client = CLIENT.replace(")\n", f", connections={connections!r})\n")
    body = f"""
{client}
@scenario(per_vu_iterations(vus=3, iterations=2))
async def calls(vu):
    await client.call(vu, "events.Handler/OnLogin", {{"user_id": "u1"}})
"""
    ran = run(tmp_path, body, target=server.target)

    assert ran.value("grpc_reqs", status="0") == 6
    assert len(server.peers) == expected
    assert not [one for one in gc.get_objects() if isinstance(one, Channel)]


def test_several_processes_count_together(tmp_path, server):
    body = f"""
{CLIENT}
@scenario(per_vu_iterations(vus=4, iterations=5))
async def calls(vu):
    await client.call(vu, "events.Handler/OnLogin", {{"user_id": "NOT_FOUND" if vu.iteration % 2 else "u1"}})
"""
    ran = run(tmp_path, body, workers=2, target=server.target)

    assert server.counts == {("OnLogin", "OK"): 12, ("OnLogin", "NOT_FOUND"): 8}
    assert ran.by_tag("grpc_reqs", "status") == {("0",): 12, ("5",): 8}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('"events.Handler/OnLogn"', r'"events.Handler/OnLogn"|OnLogn.*did you mean "OnLogin"'),
        ('"events.Handlr/OnLogin"', "found 'events.Handlr'; did you mean \"events.Handler\""),
        ('"OnLogin"', "expected \"package.Service/Method\", found 'OnLogin'"),
        ('"events.Handler/Chat"', r"expected a unary method, found a bidi_stream; use stream\(...\)"),
        ('"events.Handler/OnLogin", {"usr_id": "u1"}', 'no field named "usr_id".*did you mean "user_id"'),
        ('"events.Handler/OnLogin", {"devices": [{"nme": "phone"}]}', 'no field named "nme"'),
        ('"events.Handler/OnLogin", {"number": "many"}', "number"),
        ('"events.Handler/OnLogin", {"user_id": 7}', "user_id"),
        ('"events.Handler/OnLogin", {"kind": "PARTY"}', "PARTY"),
        ('"events.Handler/OnLogin", ["u1"]', "expected a mapping of the fields of events.Login"),
        ('"events.Handler/OnLogin", expect=("FINE",)', "expected statuses of gRPC, found 'FINE'"),
        ('"events.Handler/OnLogin", tags={"status": "1"}', "found 'status', which surgeline sets itself"),
        ('"events.Handler/OnLogin", name=""', "name: expected a text"),
        ('"events.Handler/OnLogin", metadata={"a b": "1"}', "metadata: expected keys"),
        ('"events.Handler/OnLogin", metadata={"a-bin": "1"}', "expected bytes for a-bin"),
        ('"events.Handler/OnLogin", metadata={"a": "\\n"}', "printable ASCII for a"),
        ('"events.Handler/OnLogin", timeout=0', "timeout: expected a duration above 0"),
    ],
)
def test_what_cannot_be_sent_raises_and_is_not_counted(tmp_path, server, arguments, expected):
    ran = run_raising(tmp_path, once(f"await client.call(vu, {arguments})"), target=server.target)

    (error,) = ran.result.iteration_errors
    assert re.search(expected, error.kind + error.first_traceback, re.DOTALL)
    assert ran.value("grpc_reqs") == 0
    assert server.counts == {}


def test_a_user_that_was_forgotten_is_asked_for(tmp_path, server):
    lines = 'await client.call("events.Handler/OnLogin", {"user_id": "u1"})'
    ran = run_raising(tmp_path, once(lines), target=server.target)

    assert "expected the virtual user that the scenario is given" in ran.result.iteration_errors[0].kind


def test_messages_may_be_written_in_several_ways(tmp_path, server):
    lines = """
call = lambda message: client.call(vu, "events.Handler/OnLogin", message)
await call({"userId": "u1", "kind": "BIRTHDAY", "token": "AAE=", "number": "7", "at": "2026-01-02T03:04:05Z"})
await call({"user_id": "u1", "kind": 1, "token": b"\\x00\\x01", "number": 7, "at": {"seconds": 1767323045}})
await call(None)
response = await call({"devices": [{"name": "phone"}]})
found.append(grpc.to_dict(response.message))
"""
    ran = run(tmp_path, once(lines), target=server.target)

    first, second, empty, devices = server.requests
    assert first == second
    assert (first.user_id, first.kind, first.token, first.number, first.at.seconds) == ("u1", 1, b"\0\1", 7, 1767323045)
    assert empty.ByteSize() == 0
    assert [device.name for device in devices.devices] == ["phone"]
    assert ran.found == [{"accepted": True, "text": "hello ", "number": "0"}]
