"""Tokens that are not valid for the whole run are found where they stand, and never shown."""

import base64
import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plans import one_scenario, plan_of

from surgeline.data import pool
from surgeline.doctor.examine import span_of
from surgeline.doctor.tokens import Span, parse_token, token_findings
from surgeline.report.doctor import Level

NOW = datetime(2026, 3, 14, 12, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPAN = Span(NOW, NOW + HOUR, NOW + 2 * HOUR)


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def token(expires=None, not_before=None, issued=None, **claims):
    times = {"exp": expires, "nbf": not_before, "iat": issued}
    claims |= {name: int((NOW + shift).timestamp()) for name, shift in times.items() if shift is not None}
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.c2lnbmF0dXJl"


@dataclass
class Value:
    name: str
    value: object


@dataclass
class Plan:
    pools: list = field(default_factory=list)
    env_values: list = field(default_factory=list)


def levels(plan, span=SPAN):
    return [finding.level for finding in token_findings(plan, span)]


CASES = {
    "expired": (token(expires=-HOUR), [Level.FAILURE], "expired at 2026-03-14 11:00:00 UTC, 1h 0m ago"),
    "expiring now": (token(expires=timedelta()), [Level.FAILURE], "expired at 2026-03-14 12:00:00 UTC, 0s ago"),
    "too short": (
        token(expires=timedelta(minutes=59, seconds=59)),
        [Level.FAILURE],
        "expires at 2026-03-14 12:59:59 UTC, in 59m 59s; the run ends 2026-03-14 13:00:00 UTC",
    ),
    "long enough for what is planned": (
        token(expires=HOUR),
        [Level.WARNING],
        "expires at 2026-03-14 13:00:00 UTC, in 1h 0m; the run may last until 2026-03-14 14:00:00 UTC",
    ),
    "long enough": (token(expires=2 * HOUR), [Level.OK], "1 token is valid for the whole run"),
    "for ever": (token(), [Level.OK], "1 token is valid for the whole run"),
    "not yet": (
        token(not_before=timedelta(days=2, hours=1)),
        [Level.FAILURE],
        "not valid before 2026-03-16 13:00:00 UTC, 2d 1h from now",
    ),
    "issued in the future": (
        token(issued=HOUR),
        [Level.WARNING],
        "issued at 2026-03-14 13:00:00 UTC, 1h 0m from now: some services refuse it",
    ),
    "issued in the future, and too short": (
        token(issued=timedelta(minutes=1), expires=timedelta(minutes=2)),
        [Level.FAILURE],
        "expires at 2026-03-14 12:02:00 UTC",
    ),
    "issued now": (token(issued=timedelta(), expires=2 * HOUR), [Level.OK], "1 token is valid for the whole run"),
    "beyond all calendars": (f"{part({'alg': 'x'})}.{part({'exp': 10**18})}.", [Level.OK], "1 token is valid"),
    "of no time": (f"{part({'alg': 'x'})}.{part({'exp': 'soon'})}.", [Level.OK], "1 token is valid"),
    "of a time that is no number": (f"{part({'alg': 'x'})}.{part({'exp': math.nan})}.", [Level.OK], "1 token is valid"),
    "with its scheme": ("Bearer " + token(expires=-HOUR), [Level.FAILURE], "expired"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_token_in_env(name):
    text, expected, message = CASES[name]

    (finding,) = token_findings(Plan(env_values=[Value("API_TOKEN", text)]), SPAN)

    assert [finding.level] == expected
    assert message in finding.message
    assert text not in finding.message + (finding.remedy or "")


@pytest.mark.parametrize("text", ["", "a.b.c", "1.2.3", "www.example.com", f"{part({'a': 1})}.{part({})}.x", "é.é.é"])
def test_other_texts_are_no_tokens(text):
    assert parse_token(text, "here") is None
    assert token_findings(Plan(env_values=[Value("VERSION", text), Value("N", 7)]), SPAN) == []


@given(st.from_regex(r"[\w-]{8,20}\.[\w-]{2,40}\.[\w-]{0,10}", fullmatch=True))
def test_any_text_of_three_parts_is_looked_at(text):
    parse_token(text, "here")


def test_fields_of_rows_are_looked_at():
    rows = pool.rows([{"name": "ada", "login": {"token": token(expires=-HOUR)}}, {"tokens": [token()]}])

    (finding,) = token_findings(Plan(pools=[rows]), SPAN)

    assert finding.message.startswith("pool 1, login, token: expired")


def test_files_with_colons_in_their_names_are_told_apart(tmp_path):
    paths = [tmp_path / "users:1.json", tmp_path / "users:2.json"]
    for path in paths:
        path.write_text(json.dumps([token(expires=-HOUR)]))

    findings = token_findings(Plan(pools=[pool.json(path) for path in paths]), SPAN)

    assert [finding.message.partition(": expired")[0] for finding in findings] == [f"pool of {path}" for path in paths]


@pytest.mark.parametrize("place", [0, 499, 999])
def test_first_last_and_middle_of_a_pool_are_looked_at(place):
    values = [token(expires=3 * HOUR)] * 1_000
    values[max(0, place - 60) : place + 1] = [token(expires=-HOUR)] * min(61, place + 1)

    assert levels(Plan(pools=[pool.rows(values)])) == [Level.FAILURE]


def test_a_pool_is_spoken_of_once():
    plan = Plan(pools=[pool.rows([token(expires=-HOUR)] * 100), pool.rows([token(not_before=HOUR)])])

    assert levels(plan) == [Level.FAILURE, Level.FAILURE]


def test_a_failure_is_told_before_a_warning_of_the_same_pool():
    plan = Plan(pools=[pool.rows([token(expires=HOUR), token(expires=-HOUR)])])

    assert levels(plan) == [Level.FAILURE]


@pytest.mark.parametrize(
    ("executor", "end", "latest"),
    [
        ("constant_vus(vus=1, duration='1h')", HOUR, HOUR),
        ("constant_vus(vus=1, duration='1h'), start_time='1h'", 2 * HOUR, 2 * HOUR),
        ("shared_iterations(vus=1, iterations=5, max_duration='2h')", None, 2 * HOUR),
        ("externally_controlled(vus=1, max_vus=2)", None, None),
    ],
)
def test_how_long_a_run_lasts_is_the_plans_own(executor, end, latest, tmp_path):
    span = span_of(plan_of(tmp_path, one_scenario(executor)), NOW)

    assert (span.start, span.end, span.latest) == (NOW, end and NOW + end, latest and NOW + latest)


def test_where_nobody_knows_the_end_only_now_counts():
    plan = Plan(env_values=[Value("A", token(expires=timedelta(seconds=1)))])

    assert levels(plan, Span(NOW, None, None)) == [Level.OK]
