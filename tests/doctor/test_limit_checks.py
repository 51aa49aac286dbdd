"""File descriptors, local ports, the clock and cores: what a plan needs against what there is."""

import pytest
from plans import one_scenario, plan_of

from surgeline.doctor.clock import clock_findings, reading_ns
from surgeline.doctor.cores import Service, core_findings
from surgeline.doctor.descriptors import MARGIN, UNLIMITED, descriptor_findings
from surgeline.doctor.limits import Demand, demand_of
from surgeline.doctor.ports import Ports, parse_ports, port_findings
from surgeline.report.doctor import Level

OK, WARNING, FAILURE, SKIPPED = Level.OK, Level.WARNING, Level.FAILURE, Level.SKIPPED


def demand(users=1_000, most_users=None, **more):
    given = {"per_user": 1, "origins": 1, "rate": None, "anew": None} | more
    return Demand(users=users, most_users=users if most_users is None else most_users, **given)


PLANS = {
    "constant_vus(vus=7, duration='1m')": demand(7),
    "ramping_vus(start_vus=0, stages=[('30s', 100), ('30s', 10)])": demand(100),
    "shared_iterations(vus=7, iterations=100)": demand(7),
    "per_vu_iterations(vus=7, iterations=100)": demand(7),
    "externally_controlled(vus=7, max_vus=9)": demand(0, 9),
    "constant_arrival_rate(rate=60, time_unit='1m', duration='1m', max_vus=50)": demand(0, 50, rate=1.0),
    "ramping_arrival_rate(start_rate=10, stages=[('1m', 100), ('30s', 0)], max_vus=50)": demand(0, 50, rate=100.0),
    # No more users than iterations are planned, but for those that are there from the beginning.
    "constant_arrival_rate(rate=60, duration='6s')": demand(0, 360, rate=60.0),
    "ramping_arrival_rate(start_rate=0, stages=[('10s', 10)])": demand(0, 50, rate=10.0),
    "constant_arrival_rate(rate=1, duration='6s', pre_allocated_vus=9, max_vus=50)": demand(0, 9, rate=1.0),
    "constant_arrival_rate(rate=60, duration='6s', arrivals='poisson', max_vus=500)": demand(0, 500, rate=60.0),
}


@pytest.mark.parametrize("executor", PLANS)
def test_what_a_scenario_needs(executor, tmp_path):
    assert demand_of(plan_of(tmp_path, one_scenario(executor)), 0) == PLANS[executor]


def test_scenarios_after_each_other_share_what_they_need(tmp_path):
    first, second = (
        one_scenario("constant_vus(vus=7, duration='1m')", f", graceful_stop=0{more}") for more in ("", "")
    )
    second = second.replace("graceful_stop=0", "graceful_stop=0, start_time='2m'").replace("def one", "def two")

    assert demand_of(plan_of(tmp_path, first + second), 1) == demand(7)


def test_a_batch_takes_several_connections(tmp_path):
    text = "http_options(batch=5, batch_per_host=4)\n" + one_scenario(body='await vu.http.batch(["/a", "/b"])')

    assert demand_of(plan_of(tmp_path, text), 3) == demand(1, per_user=4, origins=3)


@pytest.mark.parametrize(
    ("connections", "anew", "origins"),
    [("keep", None, 3), ("iteration", "for each iteration", 1), ("request", "for each request", 1)],
)
def test_how_connections_are_kept(connections, anew, origins, tmp_path):
    plan = plan_of(tmp_path, f"http_options(connections={connections!r})\n" + one_scenario())

    assert demand_of(plan, 3) == demand(1, anew=anew, origins=origins)


RLIMITS = [
    # users, at most, connections each, workers, soft, hard, level, remedy
    (1_000, 1_000, 1, 1, 1_064, 4_096, OK, None),
    (1_000, 1_000, 1, 1, 1_063, 4_096, FAILURE, "ulimit -n 1064"),
    (1_000, 1_000, 6, 1, 4_096, UNLIMITED, FAILURE, "ulimit -n 6064"),
    (1_000, 1_000, 6, 2, 4_096, 4_096, OK, None),
    (1_001, 1_001, 1, 2, 564, 4_096, FAILURE, "ulimit -n 565"),
    (0, 10_000, 1, 1, 1_024, 1_048_576, WARNING, "ulimit -n 10064"),
    (10, 10_000, 1, 1, 1_024, 1_024, WARNING, "--workers 11,"),
    (5_000, 10_000, 1, 1, 1_024, 8_192, FAILURE, "ulimit -n 5064"),
    (1_000_000, 1_000_000, 1, 1, UNLIMITED, UNLIMITED, OK, None),
]


@pytest.mark.parametrize(("users", "most", "each", "workers", "soft", "hard", "level", "remedy"), RLIMITS)
def test_file_descriptors(users, most, each, workers, soft, hard, level, remedy):
    (finding,) = descriptor_findings(demand(users, most, per_user=each), workers, soft, hard)

    assert finding.level is level
    assert (remedy is None and finding.remedy is None) or remedy in finding.remedy


def test_as_many_workers_as_it_takes_are_enough():
    (wrong,) = descriptor_findings(demand(10_000), 1, 1_024, 1_024)
    workers = int(wrong.remedy.partition("--workers ")[2].partition(",")[0])

    assert [one.level for one in descriptor_findings(demand(10_000), workers, 1_024, 1_024)] == [OK]
    assert [one.level for one in descriptor_findings(demand(10_000), workers - 1, 1_024, 1_024)] == [FAILURE]


def test_a_margin_is_left_for_other_files():
    assert descriptor_findings(demand(100), 1, 100 + MARGIN, 100 + MARGIN)[0].level is OK
    assert descriptor_findings(demand(100), 1, 99 + MARGIN, 99 + MARGIN)[0].level is FAILURE


SOCKSTAT = "sockets: used 32\nTCP: inuse 11 orphan 0 tw 208 alloc 14 mem 197\nUDP: inuse 0 mem 0\n"


@pytest.mark.parametrize(
    ("texts", "ports"),
    [
        (("32768\t60999\n", SOCKSTAT, "2\n"), Ports(28_232, 208, 2)),
        (("1024 65535", "", ""), Ports(64_512, 0, 0)),
        (("", SOCKSTAT, "2"), None),
    ],
)
def test_ports_are_read_from_what_the_kernel_says(texts, ports):
    assert parse_ports(*texts) == ports


LINUX = Ports(28_232, 232, 2)
KEPT = {"anew": None}
BY_REQUEST, BY_ITERATION = {"anew": "for each request"}, {"anew": "for each iteration"}
PORTS = [
    # demand, ports, addresses, all on this machine, level
    (demand(28_000), LINUX, 1, False, OK),
    (demand(28_001), LINUX, 1, False, FAILURE),
    (demand(28_001), LINUX, 2, False, OK),
    (demand(5_000, per_user=6), LINUX, 1, False, FAILURE),
    (demand(10, 28_001), LINUX, 1, False, WARNING),
    (demand(10, **BY_REQUEST), LINUX, 1, False, WARNING),
    (demand(10, **BY_REQUEST), LINUX, 1, True, OK),
    (demand(10, **BY_REQUEST), Ports(28_232, 0, 0), 1, True, WARNING),
    (demand(10, **BY_REQUEST), Ports(28_232, 0, 1), 1, False, OK),
    (demand(10, rate=466.0, **BY_ITERATION), LINUX, 1, False, OK),
    (demand(10, rate=467.0, **BY_ITERATION), LINUX, 1, False, WARNING),
    (demand(10, rate=100.0, **BY_REQUEST), LINUX, 1, False, WARNING),
    (demand(10), None, 1, False, SKIPPED),
]


@pytest.mark.parametrize(("needed", "ports", "addresses", "here", "level"), PORTS)
def test_local_ports(needed, ports, addresses, here, level):
    (finding,) = port_findings(needed, ports, addresses, all_here=here)

    assert finding.level is level
    assert (finding.remedy is None) is (level in {OK, SKIPPED})


@pytest.mark.parametrize(
    ("source", "cost", "level"),
    [
        ("tsc", 40, OK),
        ("kvm-clock", 500, OK),
        ("", 40, OK),
        ("hpet", 40, WARNING),
        ("acpi_pm", 40, WARNING),
        ("xen", 40, WARNING),
        ("tsc", 501, WARNING),
    ],
)
def test_the_clock(source, cost, level):
    (finding,) = clock_findings(source, cost)

    assert finding.level is level


def test_what_a_reading_costs_is_the_median_of_many():
    time = 0
    rounds = 0

    def now():
        nonlocal time, rounds
        rounds += 1
        time += 30 if rounds % 20_000 else 10**9  # as where the process had to wait
        return time

    assert reading_ns(now) == pytest.approx(30, rel=0.01)


def cores(text):
    first, _, last = text.partition("-")
    return frozenset(range(int(first), int(last or first) + 1))


CORES = [
    # ours, workers, (the service's, pid), levels, remedy
    ("0-3", 1, None, [OK], None),
    ("0-3", 4, None, [OK], None),
    ("0-1", 3, None, [WARNING], "--workers 2"),
    ("0-3", 1, ("0-3", 7), [WARNING], "taskset -c 3 surgeline run s.py; taskset -a -cp 0-2 7"),
    ("0-3", 2, ("0-1", 7), [WARNING], "taskset -c 2-3 surgeline run s.py; taskset -a -cp 0-1 7"),
    ("0-1", 1, ("2-3", 7), [OK], None),
    ("0-3", 4, ("0-3", 7), [WARNING], "taskset -c 1-3 surgeline run s.py; taskset -a -cp 0 7"),
    ("0", 1, ("0", 7), [WARNING], "run surgeline on another machine"),
    ("0-1", 1, ("0-1", None), [WARNING], "taskset -c 1 surgeline run s.py; start the service by: taskset -c 0 ..."),
    ("0-1", 3, ("0-1", 7), [WARNING, WARNING], "taskset -c 1 surgeline run s.py"),
]


def test_a_script_with_a_space_is_quoted():
    (finding,) = core_findings(cores("0-1"), 1, [Service("nginx", [7], cores("0-1"))], "my peak.py")
    assert finding.remedy == "taskset -c 1 surgeline run 'my peak.py'; taskset -a -cp 0 7"


@pytest.mark.parametrize(("ours", "workers", "service", "levels", "remedy"), CORES)
def test_cores(ours, workers, service, levels, remedy):
    services = []
    if service is not None:
        theirs, pid = service
        services = [Service("nginx", [] if pid is None else [pid], cores(theirs))]

    findings = core_findings(cores(ours), workers, services, "s.py")

    assert [finding.level for finding in findings] == levels
    assert (findings[-1].remedy is None) if remedy is None else (remedy in findings[-1].remedy)
