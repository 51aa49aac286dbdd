"""Streams of all three kinds: messages both ways, every way to end, and what is counted."""

import pytest
from grpc_lab import WAIT, run, run_raising

CLIENT = 'client = grpc.Client(TARGET, protos=["events.proto"], include=["protos"])\n'
COUNTERS = ("grpc_streams", "grpc_streams_msgs_sent", "grpc_streams_msgs_received", "grpc_reqs")


def streamed(lines, options="shared_iterations(vus=1, iterations=1)"):
    body = "\n".join(f"    {line}" for line in lines.strip().splitlines())
    return f"{CLIENT}@scenario({options})\nasync def streams(vu):\n{body}\n"


def counts(ran, **tags):
    return [int(ran.value(metric, **tags)) for metric in COUNTERS]


def test_a_server_streams(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Count", metadata={"x-a": "1"}, tags={"shard": "3"}) as stream:
    await stream.send({"number": 3})
    async for message in stream:
        found.append(message.number)
found.append(stream.response.status)
"""
    ran = run(tmp_path, streamed(lines), target=server.target)

    assert ran.found == [0, 1, 2, "OK"]
    assert server.counts == {("Count", "OK"): 1}
    assert counts(ran, rpc_type="server_stream", method="Count", shard="3") == [1, 1, 3, 1]
    assert ran.by_tag("grpc_reqs", "status") == {("0",): 1}
    assert ran.value("grpc_req_duration") == ran.value("grpc_req_response_time") == 1


@pytest.mark.parametrize(
    "ending", ["found.append((await stream.receive()).number)", "await stream.done_sending()", "pass"]
)
def test_a_client_streams_and_the_server_answers_once(tmp_path, server, ending):
    lines = f"""
async with client.stream(vu, "events.Handler/Collect") as stream:
    for number in (1, 2, 3):
        await stream.send({{"number": number}})
    {"await stream.done_sending()" if "receive" in ending else ""}
    {ending}
found.append(stream.response.ok)
"""
    ran = run(tmp_path, streamed(lines), target=server.target)

    assert ran.found == ([6, True] if "receive" in ending else [True])
    assert server.counts == {("Collect", "OK"): 1}
    assert counts(ran, rpc_type="client_stream") == [1, 3, 1, 1]


def test_both_sides_stream(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Chat", name="chat") as stream:
    for word in ("hello", "there"):
        await stream.send({"user_id": word})
        found.append((await stream.receive()).text)
    await stream.done_sending()
    found.append(await stream.receive())
found.append((stream.response.ok, stream.response.status, stream.response.timings.duration > 0))
"""
    ran = run(tmp_path, streamed(lines), target=server.target)

    assert ran.found == ["hello", "there", None, (True, "OK", True)]
    assert counts(ran, name="chat") == [1, 2, 2, 1]
    assert server.counts == {("Chat", "OK"): 1}


def test_a_stream_that_the_server_ends_takes_no_more(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Chat") as stream:
    await stream.send({"user_id": "bye"})
    async for message in stream:
        pass
    found.append(await stream.send({"user_id": "too late"}))
    found.append(stream.response.status)
"""
    ran = run(tmp_path, streamed(lines), target=server.target)

    assert ran.found == [False, "OK"]
    assert counts(ran) == [1, 1, 1, 1]


@pytest.mark.parametrize(("status", "code"), [("DATA_LOSS", "15"), ("CANCELLED", "1"), ("UNAVAILABLE", "14")])
def test_a_server_that_fails_in_the_middle(tmp_path, server, status, code):
    lines = """
async with client.stream(vu, "events.Handler/Count") as stream:
    await stream.send({"number": 2, "user_id": STATUS})
    async for message in stream:
        found.append(message.number)
found.append((stream.response.ok, stream.response.status, stream.response.error))
"""
    ran = run(tmp_path, streamed(lines), target=server.target, status=status)

    assert ran.found == [0, 1, (False, status, "in the middle")]
    assert server.counts == {("Count", status): 1}
    assert ran.by_tag("grpc_reqs", "status", "error") == {(code, status): 1}
    assert ran.value("grpc_req_failed", "passes") == 1


def test_a_message_that_is_another_one_ends_the_stream(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Count") as stream:
    await stream.send({"user_id": "garbage"})
    found.append(await stream.receive())
found.append(stream.response.status)
"""
    ran = run(tmp_path, streamed(lines), target=server.target)

    assert ran.found == [None, "INTERNAL"]
    assert server.ended.wait(WAIT)
    assert ran.by_tag("grpc_reqs", "status", "error") == {("13", "INTERNAL"): 1}


def test_a_server_that_ends_the_stream_while_a_script_sends(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Chat") as stream:
    await stream.send({"user_id": "ABORTED"})
    while await stream.send({"user_id": "more"}):
        pass
    await stream.done_sending()
found.append((stream.response.status, stream.response.error))
"""
    ran = run(tmp_path, streamed(lines, "per_vu_iterations(vus=4, iterations=5)"), target=server.target)

    assert ran.found == [("ABORTED", "as you wish")] * 20
    assert ran.by_tag("grpc_reqs", "status") == {("10",): 20}


def test_a_script_may_leave_a_stream_without_end(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Count") as stream:
    await stream.send({})
    async for message in stream:
        if message.number == 2:
            break
found.append((stream.response.ok, stream.response.status))
"""
    ran = run(tmp_path, streamed(lines), target=server.target)

    assert ran.found == [(True, "CANCELLED")]
    assert server.ended.wait(WAIT)
    assert server.counts == {}
    assert ran.by_tag("grpc_reqs", "status", "error") == {("1", ""): 1}


def test_an_exception_in_the_block_breaks_the_stream_off(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Chat") as stream:
    raise KeyError("mine")
"""
    ran = run_raising(tmp_path, streamed(lines), target=server.target)

    assert [error.kind.partition(":")[0] for error in ran.result.iteration_errors] == ["KeyError"]
    assert ran.by_tag("grpc_reqs", "status", "error") == {("1", "CANCELLED"): 1}


def test_a_deadline_is_for_the_whole_stream(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Chat", timeout="50ms") as stream:
    found.append(await stream.receive())
found.append(stream.response.status)
"""
    ran = run(tmp_path, streamed(lines), target=server.target)

    assert ran.found == [None, "DEADLINE_EXCEEDED"]
    assert ran.value("grpc_reqs", error="DEADLINE_EXCEEDED") == 1


def test_a_time_limit_of_the_scripts_ends_the_stream(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Chat") as stream:
    try:
        async with asyncio.timeout(0.05):
            await stream.receive()
    except TimeoutError:
        found.append("waited")
    found.append(await stream.receive())
    found.append(await stream.send({"user_id": "hello"}))
    await stream.done_sending()
"""
    ran = run(tmp_path, streamed(lines), target=server.target)

    assert ran.found == ["waited", None, False]
    assert ran.by_tag("grpc_reqs", "status") == {("1",): 1}


def test_a_server_that_is_not_there(tmp_path):
    lines = """
async with client.stream(vu, "events.Handler/Chat") as stream:
    await stream.send({"user_id": "hello"})
    async for message in stream:
        pass
found.append(stream.response.status)
"""
    ran = run(tmp_path, streamed(lines), target="127.0.0.1:1")

    assert ran.found == ["UNAVAILABLE"]
    assert ran.value("grpc_reqs", status="14") == 1


def test_a_stream_that_the_run_cuts_off_is_in_no_figure(tmp_path, server):
    lines = """
async with client.stream(vu, "events.Handler/Chat") as stream:
    await stream.receive()
"""
    options = 'shared_iterations(vus=1, iterations=1, max_duration="200ms"), graceful_stop=0'
    ran = run(tmp_path, streamed(lines, options), target=server.target)

    assert ran.value("grpc_reqs") == 0
    assert ran.value("grpc_streams") == 1
    assert ran.result.health.abandoned_requests == 1


@pytest.mark.parametrize(
    ("method", "lines", "expected"),
    [
        ("Count", 'await stream.send({"number": 1}); await stream.send({"number": 1})', "no message after the last"),
        ("Chat", 'await stream.done_sending(); await stream.send({"number": 1})', "no message after the last"),
        ("Chat", 'await stream.send({"numbr": 1})', 'did you mean "number"'),
    ],
)
def test_what_cannot_be_sent_raises(tmp_path, server, method, lines, expected):
    script = f'async with client.stream(vu, "events.Handler/{method}") as stream:\n    {lines}'
    ran = run_raising(tmp_path, streamed(script), target=server.target)

    (error,) = ran.result.iteration_errors
    assert expected in error.kind + error.first_traceback


def test_a_unary_method_is_no_stream(tmp_path, server):
    script = 'async with client.stream(vu, "events.Handler/OnLogin"):\n    pass'
    ran = run_raising(tmp_path, streamed(script), target=server.target)

    (error,) = ran.result.iteration_errors
    assert "expected a method that streams, found a unary one; use call(...)" in error.first_traceback
    assert ran.value("grpc_streams") == 0
