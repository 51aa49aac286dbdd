"""What a run says of its requests is what the server saw of them.

Each was answered, failed in one way, or was under way when the run was ended, and the server, which counts by itself,
counted as many of each. Where the two can differ in principle, because a request that was written to a socket may never
be read, the test says which of them may be the greater.
"""

from collections import Counter

import bookkeeping_server as server_side
import pytest
from bookkeeping_server import CountingServer, full, nobody
from counted_runs import run

from surgeline.errors import ExitCode

BEHAVIOURS = (
    server_side.answering,
    server_side.unavailable,
    server_side.slow,
    server_side.resets_before,
    server_side.resets_while,
    server_side.resets_after,
    server_side.silent,
    server_side.garbage,
    server_side.cuts_body,
    server_side.cuts_head,
    server_side.resets_in_body,
    server_side.answers_early,
    server_side.closes_idle,
    server_side.vanishes_when_asked_again,
)
MODELS = {
    "closed": "per_vu_iterations(vus=4, iterations=2)",
    "open": 'constant_arrival_rate(rate=20, duration="0.4s", max_vus=8)',
}


# Requests that come to an end

ALL_AT_ONCE = """
async def several(vu, name, times, method="POST"):
    for _ in range(times):
        await vu.http.request(method, URLS[name], name=name, data=b"some data")

async def large(vu, name):
    await vu.http.post(URLS[name], name=name, data=LARGE)

async def cancelled(vu):
    call = vu.http.post(URLS["silent"], name="cancelled")
    await vu.sleep(0.01)
    call.cancel()

@scenario({executor})
async def everything(vu):
    await asyncio.gather(
        several(vu, "answering", 3),
        several(vu, "unavailable", 2),
        several(vu, "slow", 2),
        several(vu, "resets_before", 2),
        large(vu, "resets_while"),
        several(vu, "resets_after", 2),
        vu.http.post(URLS["silent"], name="silent", timeout=0.4),
        cancelled(vu),
        several(vu, "garbage", 2),
        several(vu, "cuts_body", 2),
        several(vu, "cuts_head", 2),
        several(vu, "resets_in_body", 2),
        large(vu, "answers_early"),
        several(vu, "closes_idle", 4),
        several(vu, "vanishes_when_asked_again", 5, {method!r}),
        vu.http.get({refusing!r}, name="refused"),
    )
"""


@pytest.mark.parametrize(
    ("model", "workers", "method"),
    [("closed", 1, "GET"), ("closed", 2, "POST"), ("open", 1, "POST"), ("open", 2, "GET")],
)
def test_every_request_was_answered_or_failed_in_one_way_and_the_server_counted_the_same(
    tmp_path, model, workers, method
):
    server = CountingServer(*BEHAVIOURS)
    with nobody() as refusing:
        script = ALL_AT_ONCE.format(executor=MODELS[model], refusing=refusing, method=method)
        ran = run(tmp_path, server, script, workers)

    saw = {name: server.ledgers[name].counts for name in server.urls}
    iterations = ran.value("iterations")
    assert iterations == 8

    # Each of these: what the client counted, by status or error code; what the server counted; how often it was asked.
    agree = {
        "answering": ({"200": saw["answering"]["answered"]}, 3),
        "unavailable": ({"503": saw["unavailable"]["answered"]}, 2),
        "slow": ({"200": saw["slow"]["answered"]}, 2),
        "resets_after": ({"1220": saw["resets_after"]["unanswered"]}, 2),
        "garbage": ({"1710": saw["garbage"]["answered"]}, 2),
        "cuts_body": ({"1221": saw["cuts_body"]["answered in part"]}, 2),
        "cuts_head": ({"1221": saw["cuts_head"]["answered in part"]}, 2),
        "resets_in_body": ({"1220": saw["resets_in_body"]["answered in part"]}, 2),
        "answers_early": ({"413": saw["answers_early"]["answered"]}, 1),
        "refused": ({"1212": iterations}, 1),
    }
    for name, (counted, times) in agree.items():
        assert ran.requests(name) == Counter(counted), name
        assert sum(counted.values()) == times * iterations, name
    for name in ("answering", "unavailable", "slow", "resets_after", "garbage", "cuts_body", "cuts_head"):
        assert saw[name]["received"] == sum(agree[name][0].values()), name
        assert saw[name]["received in part"] == 0, name
        assert ran.value("data_sent", name=name) == server.ledgers[name].bytes_received, name
    # The RST that follows comes behind the answer here; in a network it might overtake it.
    assert saw["answers_early"]["received in part"] == saw["answers_early"]["answered"]

    # Where the kernel decides in which of two ways it fails, or whether it comes to be received at all.
    failed = ran.requests("resets_before")
    assert failed.total() == saw["resets_before"]["connections"] == 2 * iterations
    assert failed.keys() <= {"1201", "1210", "1220"}
    failed = ran.requests("resets_while")
    assert failed.total() == saw["resets_while"]["received in part"] == iterations
    assert failed.keys() <= {"1201", "1220"}

    # The client leaves: the server has received every one whose answer took too long, and at most all the others: those
    # that were cancelled, and those that, on a machine that stands still, had no time to connect.
    assert ran.requests("cancelled") == {"1051": iterations}
    failed = ran.requests("silent")
    assert failed.total() == iterations
    assert failed.keys() <= {"1050", "1211"}
    assert failed["1050"] <= saw["silent"]["received"] <= 2 * iterations
    assert saw["silent"]["left"] == saw["silent"]["received"]
    sent = ran.value("data_sent", name="silent") + ran.value("data_sent", name="cancelled")
    assert sent == server.ledgers["silent"].bytes_received

    agree_on_kept_connections_that_end(ran, server, iterations, method)
    total = sum(ran.requests(name).total() for name in [*server.urls, "refused", "cancelled"])
    assert total == ran.value("http_reqs") == 33 * iterations
    assert ran.result.health.abandoned_requests == 0
    answered = sum(found["200"] for found in map(ran.requests, server.urls))
    assert ran.value("http_req_failed", "fails") == answered
    assert sum(kind.count for kind in ran.result.failures) == total - answered


def agree_on_kept_connections_that_end(ran, server, iterations, method):
    """A request that meets the end of a kept connection is sent again, if it may be: the client counts it once."""
    saw = server.ledgers["closes_idle"].counts
    found = ran.requests("closes_idle")
    assert found["200"] == saw["answered"] == saw["received"]  # none that failed was ever read
    assert found.total() == 4 * iterations
    assert found.keys() <= {"200", "1201", "1220", "1221"}
    assert ran.value("data_sent", name="closes_idle") >= server.ledgers["closes_idle"].bytes_received

    name = "vanishes_when_asked_again"
    saw = server.ledgers[name].counts
    found = ran.requests(name)
    assert saw["received"] == saw["answered"] + saw["unanswered"]
    assert saw["unanswered"] > 0
    repeated, lost = (saw["unanswered"], 0) if method == "GET" else (0, saw["unanswered"])
    assert found == Counter({"200": saw["answered"], **({"1221": lost} if lost else {})})
    assert found.total() == saw["received"] - repeated == 5 * iterations
    assert ran.value("data_sent", name=name) == server.ledgers[name].bytes_received


# Requests that the run's end cuts off

CUT_OFF = """
@scenario({executor}, graceful_stop=0)
async def held(vu):
    await asyncio.gather(
        vu.http.get(URLS["holds"]),
        vu.http.post(URLS["holds"], data=b"some data"),
        vu.http.get(URLS["holds_half_answered"]),
        vu.http.post(URLS["holds_half_received"], data=LARGE),
        vu.http.get({never_connecting!r}),
    )

@scenario(per_vu_iterations(vus=1, iterations=1), graceful_stop=0)
async def ending(vu):
    await vu.http.get(URLS["watches"], name="watch")
    abort("all that were expected are under way")
"""
HOLDERS = 4
HOLDING_MODELS = {
    "closed": f"constant_vus(vus={HOLDERS}, duration=60)",
    "open": f"constant_arrival_rate(rate=100, duration=60, max_vus={HOLDERS})",
}


@pytest.mark.parametrize(("model", "workers"), [("closed", 1), ("open", 1), ("open", 2)])
def test_requests_that_the_end_of_the_run_cuts_off_are_abandoned_as_many_as_the_server_holds(tmp_path, model, workers):
    """The server has the run ended, once all of them are where they should be: received, half answered, half sent."""
    server = CountingServer(server_side.holds, server_side.holds_half_answered, server_side.holds_half_received)
    server.play(server.watch(4 * HOLDERS))
    with full() as never_connecting:
        script = CUT_OFF.format(executor=HOLDING_MODELS[model], never_connecting=never_connecting)
        ran = run(tmp_path, server, script, workers)

    saw = {name: server.ledgers[name].counts for name in server.urls}
    assert ran.report.exit_code is ExitCode.ABORTED
    assert saw["holds"] == {"connections": 8, "received": 8, "held": 8, "left": 8}
    assert saw["holds_half_answered"]["answered in part"] == saw["holds_half_answered"]["left"] == HOLDERS
    assert saw["holds_half_received"]["received in part"] == saw["holds_half_received"]["left"] == HOLDERS
    still_connecting = HOLDERS  # of which no server knows
    held = sum(ledger["held"] for ledger in saw.values())
    assert ran.result.health.abandoned_requests == held + still_connecting
    # They are neither answered nor failed.
    assert ran.requests("watch") == {"200": saw["watches"]["answered"]} == {"200": 1}
    assert ran.value("http_reqs") == 1
    assert ran.value("http_req_failed", "passes") == 0
    assert ran.value("interrupted_iterations", scenario="held") == HOLDERS


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("graceful", ["0", "60"])
def test_what_is_answered_until_the_end_and_what_is_cut_off_add_up_to_what_was_received(tmp_path, graceful, workers):
    """The end comes at any moment of requests that follow one another; none is lost, and none is counted twice."""
    server = CountingServer(server_side.answering)
    script = f"""
        @scenario(constant_vus(vus=8, duration="0.3s"), graceful_stop={graceful})
        async def busy(vu):
            for _ in range(20):
                await vu.http.get(URLS["answering"], name="all")
    """
    ran = run(tmp_path, server, script, workers)

    saw = server.ledgers["answering"].counts
    abandoned = ran.result.health.abandoned_requests
    assert ran.requests("all") == {"200": ran.value("http_reqs")}
    assert ran.value("http_reqs") + abandoned > 0
    # One that was abandoned may have been answered, the answer then being on its way, or not yet have been sent.
    assert ran.value("http_reqs") <= saw["received"] <= ran.value("http_reqs") + abandoned
    assert saw["received in part"] == 0
    if graceful == "60":
        assert abandoned == 0
    else:
        assert abandoned <= 8
