"""Which statuses count as success; and options that are refused before anything is sent."""

import pytest
from http_lab import answering, ok, play, silence
from routes_lab import answer

from surgeline.metrics import names

EXPECTED = [
    (200, None, True),
    (204, None, True),
    (399, None, True),
    (400, None, False),
    (404, None, False),
    (503, None, False),
    (404, 404, True),
    (200, 404, False),
    (404, [200, 404], True),
    (404, (200, 404), True),
    (404, {200, 404}, True),
    (250, range(200, 300), True),
    (300, range(200, 300), False),
    (404, [range(200, 300), 404], True),
    (405, [range(200, 300), 404], False),
    (999, range(100, 1000), True),
]


@pytest.mark.parametrize(("status", "expect", "is_success"), EXPECTED)
def test_what_counts_as_success(status, expect, is_success):
    async def scene(lab):
        response = await lab.http.get("/", expect=expect)
        code = 0 if is_success else 1000 + status if 400 <= status < 600 else 1000
        assert (response.status, response.ok, response.error_code, response.error) == (status, is_success, code, None)
        tags, value = lab.only()
        assert (tags["expected_response"], value.count) == ("true" if is_success else "false", 1)
        assert tags.get("error_code") == (None if is_success else str(code))
        assert lab.only(names.HTTP_REQ_FAILED)[1].passes == (not is_success)
        if is_success:
            assert response.raise_for_status() is response

    wire = answer(status) if status != 204 else b"HTTP/1.1 204 X\r\n\r\n"
    play(answering(wire), scene)


def test_two_expectations_of_one_url_are_told_apart():
    async def scene(lab):
        found = [(await lab.http.get("/", expect=expect)).ok for expect in (404, None, [404], 200, 404)]
        expected = sorted((tags["expected_response"], value.count) for tags, value in lab.series())
        return found, expected

    assert play(answering(answer(404)), scene) == ([True, False, True, False, True], [("false", 2), ("true", 3)])


def test_a_request_without_an_answer_is_never_expected():
    async def scene(lab):
        return (await lab.http.get("/", expect=range(100, 1000), timeout=0.02)).ok

    assert play(silence, scene) is False


WRONG = {
    "expect": ["x", "404", b"4", 99, 1000, 0, -1, True, 2.5, [], (), [99], [[404]], range(0), range(200, 300, 2), {}],
    "redirects": [-1, 1.5, "3", [1]],
    "retries": [-1, 1.5, "3", True],
    "compression": ["lzw", "GZIP", 5, ""],
    "discard_body": ["x", 1, 0, []],
    "timeout": [0, -1, "x", "0s", [1], float("nan"), {}],
    "cookies": [5, "a", {"a": 5}],
    "auth": [5, "user", ()],
    "files": [5, "x", {"f": 5}, {"f": ()}, {5: b""}],
    "data": [5, 1.5, Ellipsis, True],
    "json": [Ellipsis, float],
    "headers": [5, "x", ["a"], {"a": 5}, {"a b": "c"}, {"a": "b\r\nc"}, {5: "a"}],
    "params": [5, "a=b", b"a", Ellipsis],
    "name": [5, b"n", ["n"]],
    "tags": [5, "x", ["a"], {"status": "x"}],
}
NAMES = {"files": "files|multipart", "data": "data|body", "json": "json", "params": "param"}


CASES = [(option, wrong) for option, values in WRONG.items() for wrong in values]


@pytest.mark.parametrize(("option", "wrong"), CASES, ids=repr)
@pytest.mark.parametrize("more", [{}, {"auth": ("u", "p")}])
def test_a_wrong_value_is_refused_by_the_name_of_its_option(option, wrong, more):
    async def scene(lab):
        await lab.http.post("/", data=b"x")
        for _ in range(2):
            with pytest.raises((ValueError, TypeError), match=NAMES.get(option, option)) as caught:
                lab.http.post("/", **({"data": b"x"} if option == "compression" else {}) | more | {option: wrong})
            assert "expected" in str(caught.value)
        return len(lab.server.requests)

    assert play(answering(ok()), scene) == 1


@pytest.mark.parametrize("option", ["jsn", "header", "_streams", "follow"])
def test_an_option_that_there_is_not(option):
    async def scene(lab):
        with pytest.raises(TypeError, match=f"{option}: expected one of params, data, json"):
            lab.http.get("/", **{option: 1})
        return lab.server.connections

    assert play(silence, scene) == 0


def test_options_that_do_not_go_together():
    async def scene(lab):
        for options in ({"json": 1, "data": b""}, {"files": {}, "data": b"x"}, {"compression": "gzip"}):
            with pytest.raises(TypeError, match="expected"):
                lab.http.get("/", **options)
        for data in (None, {"a": "b"}):
            with pytest.raises(TypeError, match=r"^expected `json` or `files`, found both$"):
                lab.http.post("/", json={"a": 1}, files={"f": b"x"}, data=data)
        return lab.server.connections

    assert play(silence, scene) == 0
