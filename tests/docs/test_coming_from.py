"""The pages for those who come from k6 and Locust: nothing of theirs is left out, and what is named here exists."""

import ast
import re

import click
import pytest
from documents import ROOT

import surgeline as public
from surgeline.cli.main import surgeline
from surgeline.metrics.names import BUILTIN
from surgeline.protocols.http.client import HttpClient
from surgeline.script.options import OPTIONS

K6 = """
    shared-iterations per-vu-iterations constant-vus ramping-vus constant-arrival-rate ramping-arrival-rate
    externally-controlled
    startVUs startRate timeUnit maxDuration preAllocatedVUs startTime gracefulStop exec env tags minIterationDuration
    vus duration iterations stages thresholds noThresholds setupTimeout teardownTimeout summaryTrendStats userAgent
    insecureSkipTLSVerify noConnectionReuse noVUConnectionReuse discardResponseBodies batch batchPerHost throw
    systemTags executionSegment noSetup noTeardown noSummary summaryMode summaryTimeUnit linger paused rps hosts dns
    localIPs blacklistIPs blockHostnames maxRedirects noCookiesReset tlsAuth tlsVersion httpDebug
    setup() teardown(data) handleSummary(data) exec.test.abort fail(msg) exec.test.fail sleep
    __VU __ITER __ENV idInTest iterationInTest iterationInInstance currentTestRunDuration
    http.batch http.request http.file FormData params.headers params.timeout params.redirects params.tags params.auth
    params.compression params.responseType params.responseCallback params.cookies params.jar http.expectedStatuses
    http.setResponseCallback http.cookieJar() http.CookieJar() http.url res.cookies res.timings.looking_up res.json
    res.timings open( SharedArray papaparse check( group( Counter Gauge Rate Trend abortOnFail delayAbortEval
    --out --summary-export influxdb json=FILE csv=FILE opentelemetry experimental-prometheus-rw
    inspect archive scale --config
"""
K6_EXIT_CODES = (0, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110)
LOCUST = """
    HttpUser FastHttpUser weight fixed_count host on_start on_stop @task TaskSet SequentialTaskSet self.interrupt
    RescheduleTask StopUser @tag -T -E wait_time constant(1) between(1 constant_pacing constant_throughput LoadTestShape
    tick() self.client name= catch_response response.failure response.success files= allow_redirects= verify= cert=
    auth= cookies= stream= proxies= response.history request.fire
    rename_request init test_start test_stop test_stopping request user_error spawning_complete quitting
    init_command_line_parser parsed_options cpu_warning reset_stats report_to_master worker_report
    environment.runner.quit process_exit_code -f --headless -u -r -t -H --processes --master --worker --expect-workers
    --enable-rebalancing --csv --csv-full-history --html --json --json-file --reset-stats --exit-code-on-error
    --stop-timeout --class-picker --config-users --only-summary --otel --autostart --autoquit --list --show-task-ratio
    locust.conf LOCUST_USERS
"""
NOT_ANYWHERE = ("abort", "check", "fail", "weighted")
"""What needs a virtual user, or functions of a script."""
PAGES = {"k6": "coming-from-k6.md", "Locust": "coming-from-locust.md"}
TEXTS = {tool: (ROOT / "docs" / page).read_text(encoding="utf-8") for tool, page in PAGES.items()}


def column_here(text: str) -> list[str]:
    """Return the code in the second cell of every table row: what there is here."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", row)[2] for row in rows]
    return [code for cell in cells for code in re.findall(r"`([^`]+)`", cell)]


HERE = sorted({code for text in TEXTS.values() for code in column_here(text)})


@pytest.mark.parametrize(("tool", "ideas"), [("k6", K6), ("Locust", LOCUST)])
def test_every_idea_has_its_place(tool: str, ideas: str) -> None:
    page = re.findall(r"[^\s`]+", TEXTS[tool])

    assert [idea for idea in ideas.split() if not any(idea in word for word in page)] == []


def test_every_exit_code_of_k6_has_its_place() -> None:
    first_cells = re.findall(r"^\| ([\d, a-z.`;]+)", TEXTS["k6"], re.MULTILINE)
    codes = {int(number) for cell in first_cells for number in re.findall(r"\d+", cell)}

    assert set(K6_EXIT_CODES) <= codes


def test_every_metric_has_its_place() -> None:
    assert [name for name in BUILTIN if f"`{name}`" not in TEXTS["k6"]] == []


@pytest.mark.parametrize("code", [code for code in HERE if re.match(r"@?(?!Path)\w{2,}\(", code)])
def test_functions_exist_and_take_what_they_are_given(code: str) -> None:
    call = ast.parse(code.removeprefix("@"), mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Name)
    assert call.func.id in public.__all__
    if "..." not in code and call.func.id not in NOT_ANYWHERE:
        eval(compile(ast.Expression(call), code, "eval"), {name: getattr(public, name) for name in public.__all__})


@pytest.mark.parametrize("code", [code for code in HERE if re.match(r"(await )?(vu|response)\.", code)])
def test_attributes_exist(code: str) -> None:
    code = code.removeprefix("await ")
    owners = {"vu.http": HttpClient, "vu": public.VU, "response": public.Response}
    owner = next(name for name in owners if code.startswith(f"{name}."))

    assert hasattr(owners[owner], re.findall(r"\w+", code.removeprefix(owner))[0])


def command_named(name: str) -> click.Command:
    command = surgeline.get_command(click.Context(surgeline), name)
    assert command is not None
    return command


@pytest.mark.parametrize("code", [code for code in HERE if code.startswith(("-", "surgeline ", "SURGELINE_"))])
def test_flags_and_commands_and_variables_exist(code: str) -> None:
    if code.startswith("SURGELINE_"):
        assert code in {option.variable for option in OPTIONS.values()}
    elif code.startswith("surgeline "):
        _, name, *arguments = code.split()
        command_named(name).make_context(name, arguments)
    else:
        known = {flag for option in command_named("run").params for flag in option.opts}
        assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", code)) <= known
