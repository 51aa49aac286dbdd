"""Which requests count as failed, under which names, and how many of a batch are under way, as in k6."""

import asyncio
from collections import Counter, defaultdict

import pytest
from http_both_tools import seen_in
from http_script import Options, Step, asks, case
from http_scripted_server import Answer

MORE_MAY_COME = 0.05
"""Seconds that a request takes at least: whoever sends too many at once has sent them by then."""


class Crowd:
    """Holds requests until so many are there, and knows how many were under way at most; /most tells."""

    def __init__(self, size):
        self._size = size
        self._waiting = defaultdict(list)
        self._under_way = Counter()
        self._most = Counter()

    async def __call__(self, sent, before):
        tool = id(before)
        if sent.path == "/most":
            return Answer(body=str(self._most[tool]).encode())
        self._under_way[tool] += 1
        self._most[tool] = max(self._most[tool], self._under_way[tool])
        await self._others(self._waiting[tool])
        await asyncio.sleep(MORE_MAY_COME)
        self._under_way[tool] -= 1
        return Answer()

    async def _others(self, waiting):
        come = asyncio.Event()
        waiting.append(come)
        if len(waiting) >= self._size:
            for one in waiting:
                one.set()
            waiting.clear()
        await come.wait()


def limited(name, size, *urls):
    """A batch to a server that answers when so many are there."""
    crowd = Crowd(size)
    return case(
        name,
        Step(
            f"http.batch({list(urls)}); tell(http.get('{{here}}/most'));",
            f"await vu.http.batch({list(urls)}); tell(await vu.http.get('{{here}}/most'))",
        ),
        answers={f"/{n}": crowd for n in ("most", *range(len(urls)))},
    )


def expecting(name, theirs, ours, status, **options):
    """Ask for an answer of a status; expect what each tool has as its own."""
    return case(
        name,
        Step(
            f"tell(http.get('{{here}}/x', {{redirects: 0, responseCallback: http.expectedStatuses({theirs})}}));",
            f"tell(await vu.http.get('{{here}}/x', redirects=0, expect={ours}))",
        ),
        answers={"/x": Answer(status)},
        **options,
    )


SEVERAL = "200, {min: 300, max: 302}, {min: 500, max: 599}", "(200, range(300, 303), range(500, 600))"
STATUSES = (200, 206, 300, 304, 399, 400, 404, 499, 500, 503, 599)

SAME = [
    case("statuses", *(asks("GET", f"/{s}") for s in STATUSES), answers={f"/{s}": Answer(s) for s in STATUSES}),
    case("names", *(asks("GET", f"/{n}", name="one") for n in range(2)), asks("GET", "/2?q=1"), asks("HEAD", "/2?q=1")),
    *(expecting(f"several_and_{status}", *SEVERAL, status) for status in (200, 302, 404, 499)),
    expecting("one_and_its_like", "204", "204", 204),
    case(
        "redirect_expected",
        Step(
            "tell(http.get('{here}/x', {responseCallback: http.expectedStatuses({min: 200, max: 302})}));",
            "tell(await vu.http.get('{here}/x', expect=range(200, 303)))",
        ),
        answers={"/x": Answer(302, {"Location": "y"})},
    ),
]
BATCHES = [
    case(
        "ways_to_ask",
        Step(
            "http.batch([['GET', '{here}/1'], ['POST', '{here}/2', 'body', {headers: {'X-Own': '1'}}],"
            " {method: 'PUT', url: '{here}/3', body: 'b', params: {tags: {name: 'three'}}}, '{here}/4'])"
            ".forEach((r) => tell(r));",
            "for r in await vu.http.batch([('GET', '{here}/1'),"
            " ('POST', '{here}/2', {'data': 'body', 'headers': {'X-Own': '1'}}),"
            " {'method': 'PUT', 'url': '{here}/3', 'data': 'b', 'name': 'three'}, '{here}/4']): tell(r)",
        ),
    ),
    case(
        "by_name",
        Step(
            "const all = http.batch("
            "{one: '{here}/1', two: ['GET', '{here}/2'], three: {method: 'GET', url: '{here}/3'}});"
            " say(Object.keys(all).sort().map((n) => [n, all[n].status, all[n].url]));",
            "found = await vu.http.batch("
            "{'one': '{here}/1', 'two': ('GET', '{here}/2'), 'three': {'method': 'GET', 'url': '{here}/3'}})\n"
            "say(sorted([n, r.status, r.url] for n, r in found.items()))",
        ),
    ),
    case(
        "some_fail",
        Step(
            "http.batch(['{here}/1', '{closed}/2', '{here}/3']).forEach((r) => tell(r, r.error_code));",
            "for r in await vu.http.batch(['{here}/1', '{closed}/2', '{here}/3']): tell(r, r.error_code)",
        ),
        answers={"/3": Answer(500)},
    ),
    case(
        "some_are_redirected",
        Step(
            "http.batch(['{here}/1', '{here}/2']).forEach((r) => tell(r));",
            "for r in await vu.http.batch(['{here}/1', '{here}/2']): tell(r)",
        ),
        answers={"/1": Answer(302, {"Location": "3"})},
    ),
    case("none", Step("say(http.batch([]).length);", "say(len(await vu.http.batch([])))")),
]
UNLIMITED = [limited("six_of_one_host", 6, *(f"{{here}}/{n}" for n in range(12)))]
LIMITED = [
    limited("one_of_one_host", 1, *(f"{{here}}/{n}" for n in range(4))),
    limited("two_of_two_hosts", 2, *(f"{{{place}}}/{n}" for n, place in enumerate(["here", "there"] * 3))),
    limited(
        "two_of_three_hosts", 2, *(f"{{{place}}}/{n}" for n, place in enumerate(["here", "there", "elsewhere"] * 2))
    ),
]
EXPECTED_404 = expecting("expected_404", "404", "404", 404)
UNEXPECTED_200 = expecting("unexpected_200", "404", "404", 200)
UNEXPECTED_302 = case(
    "unexpected_302",
    Step(
        "tell(http.get('{here}/x', {responseCallback: http.expectedStatuses(200)}));",
        "tell(await vu.http.get('{here}/x', expect=200))",
    ),
    answers={"/x": Answer(302, {"Location": "y"})},
)
ODD = case("odd_statuses", asks("GET", "/600"), asks("GET", "/999"), answers={"/600": Answer(600), "/999": Answer(999)})
DIFFERENT = [EXPECTED_404, UNEXPECTED_200, UNEXPECTED_302, ODD]

seen = seen_in(
    ([*SAME, *BATCHES, *UNLIMITED, *DIFFERENT], Options()),
    (LIMITED, Options({"batch": 2, "batchPerHost": 1}, "batch=2, batch_per_host=1")),
)


@pytest.mark.parametrize("case", SAME, ids=str)
def test_requests_are_counted_the_same(case, seen):
    theirs, ours = seen[case.name]
    assert ours.facts == theirs.facts
    assert theirs.counted


@pytest.mark.parametrize("case", BATCHES, ids=str)
def test_batches_are_the_same(case, seen):
    theirs, ours = seen[case.name]
    assert {**ours.facts, "sent": sorted(ours.facts["sent"])} == {**theirs.facts, "sent": sorted(theirs.facts["sent"])}
    assert theirs.told


@pytest.mark.parametrize("case", [*UNLIMITED, *LIMITED], ids=str)
def test_as_many_of_a_batch_are_under_way(case, seen):
    theirs, ours = seen[case.name]
    assert sorted(ours.lines) == sorted(theirs.lines)
    assert ours.counted == theirs.counted
    (at_most,) = theirs.bodies
    assert case.name.startswith({"1": "one", "2": "two", "6": "six"}[at_most])
    assert ours.bodies == [at_most]


def test_an_error_code_is_of_what_has_failed(seen):
    tags = ("status", "expected_response", "error_code")
    theirs, ours = seen["expected_404"]
    assert ours.failed == theirs.failed
    assert theirs.tags(*tags) == [("404", "true", "1404")]  # k6 gives one to every status from 400
    assert ours.tags(*tags) == [("404", "true", None)]
    theirs, ours = seen["unexpected_200"]
    assert ours.failed == theirs.failed
    assert theirs.tags(*tags) == [("200", "false", None)]
    assert ours.tags(*tags) == [("200", "false", "1000")]  # so that a table of errors holds every failure


def test_what_is_expected_is_expected_of_each_hop(seen):
    theirs, ours = seen["unexpected_302"]
    assert ours.failed == theirs.failed
    assert ours.tags("status", "expected_response") == [("200", "true"), ("302", "false")]
    assert ours.tags("status", "expected_response") == theirs.tags("status", "expected_response")


def test_statuses_that_http_does_not_know(seen):
    theirs, ours = seen["odd_statuses"]
    assert ours.failed == theirs.failed
    assert theirs.tags("status", "error_code") == [
        ("600", "1600"),
        ("999", "1999"),
    ]  # 1600 is of HTTP/2 in k6's own table
    assert ours.tags("status", "error_code") == [("600", "1000"), ("999", "1000")]
