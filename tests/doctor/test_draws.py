"""A pool that `unique()` uses up before the planned iterations are over is warned of; what is not sure is not."""

import pytest
from plans import one_scenario, plan_of

from surgeline.doctor.draws import draw_findings
from surgeline.report.doctor import Level

USERS = 'users = pool.ids("{}", count=50)\n'
ALWAYS = "user = users.unique(vu)"
FIFTY_ONE = "shared_iterations(vus=1, iterations=51)"


def findings(folder, body=ALWAYS, executor=FIFTY_ONE, before=USERS):
    return draw_findings(plan_of(folder, before + one_scenario(executor, body=body)))


def test_a_pool_that_is_used_up(tmp_path):
    (finding,) = findings(tmp_path, executor="constant_arrival_rate(rate=60, duration='90s')")

    assert (finding.level, finding.check) == (Level.WARNING, "pools")
    assert finding.message == "users: the planned iterations draw 5,400 values with unique(), and there are 50"


@pytest.mark.parametrize(
    "body",
    [
        ALWAYS,
        "await vu.http.post('/', json={'user': [users.unique(vu)]})",
        "async with vu.http.stream('GET', f'/{users.unique(vu)}') as response:\n        pass",
        "return users.unique(vu)",
        "if vu: pass\n    users.unique(vu)",
    ],
)
def test_what_every_iteration_draws(body, tmp_path):
    assert len(findings(tmp_path, body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "users.random(vu)",
        "if vu.id == 1: users.unique(vu)",
        "user = vu.id == 1 and users.unique(vu)",
        "user = users.unique(vu) if vu.id == 1 else None",
        "later = lambda: users.unique(vu)",
        "for _ in (): users.unique(vu)",
        "if vu.id > 1: return\n    users.unique(vu)",
        "users = vu\n    users.unique(vu)",
        "others.unique(vu)",
        "import uuid\n    uuid.unique(vu)",
    ],
)
def test_what_may_not_be_drawn(body, tmp_path):
    assert findings(tmp_path, body) == []


@pytest.mark.parametrize(
    ("executor", "body", "warned"),
    [
        ("shared_iterations(vus=1, iterations=50)", ALWAYS, False),
        (FIFTY_ONE, ALWAYS, True),
        ("shared_iterations(vus=1, iterations=25)", f"{ALWAYS}\n    {ALWAYS}", False),
        ("shared_iterations(vus=1, iterations=26)", f"{ALWAYS}\n    {ALWAYS}", True),
        ("constant_vus(vus=100, duration='1m')", ALWAYS, False),
    ],
)
def test_how_many_are_drawn_is_known_from_the_planned_iterations(executor, body, warned, tmp_path):
    assert bool(findings(tmp_path, body, executor)) is warned


def test_scenarios_that_share_a_pool_are_added_up(tmp_path):
    first = one_scenario("shared_iterations(vus=1, iterations=30)", body=ALWAYS)

    (finding,) = draw_findings(plan_of(tmp_path, USERS + first + first.replace("def one", "def two")))

    assert "60 values" in finding.message


def test_a_scenario_whose_text_is_in_no_file_is_passed_over(tmp_path):
    text = f"{USERS}exec({one_scenario(FIFTY_ONE, body=ALWAYS)!r})\n"

    assert draw_findings(plan_of(tmp_path, text)) == []
