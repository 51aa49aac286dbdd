"""The scripts that `surgeline new` writes. `{title}` and `{file}` are filled in; each runs as it is."""

MINIMAL = '''"""{title}

    surgeline inspect {file}
    surgeline run {file} -e BASE_URL=http://127.0.0.1:8080
"""

from surgeline import check, constant_vus, env, scenario, thresholds

BASE_URL = env("BASE_URL", "http://127.0.0.1:8080")

thresholds({{
    "http_req_duration": "p(95)<500",  # milliseconds
    "http_req_failed": "rate<0.01",
}})


@scenario(constant_vus(vus=env("USERS", 10), duration=env("DURATION", "30s")), base_url=BASE_URL)
async def visit(vu):
    response = await vu.http.get("/")
    check(response, {{"status is 200": response.status == 200}})
    await vu.sleep(1)
'''

ARRIVAL = '''"""{title}

Iterations start at a rate, however long the answers take: what a service meets whose users do not wait for each other.

    surgeline inspect {file}
    surgeline run {file} -e BASE_URL=http://127.0.0.1:8080 -e RATE=100
"""

from surgeline import check, constant_arrival_rate, env, scenario, thresholds

BASE_URL = env("BASE_URL", "http://127.0.0.1:8080")

thresholds({{
    "http_req_response_time": "p(95)<500",  # from when the iteration should have started, in milliseconds
    "http_req_failed": "rate<0.01",
    "dropped_iterations": "count==0",
}})


@scenario(
    constant_arrival_rate(rate=env("RATE", 20), duration=env("DURATION", "30s"), max_vus=1000),
    base_url=BASE_URL,
)
async def arrive(vu):
    response = await vu.http.get("/")
    check(response, {{"status is 200": response.status == 200}})
'''

FULL = '''"""{title}

Two scenarios together: visitors who think between two pages, and orders that arrive at a rate.

    surgeline inspect {file}
    surgeline run {file} -e BASE_URL=http://127.0.0.1:8080
    surgeline run {file} --scenario visit --vus 1 --duration 10s
"""

from surgeline import (
    Trend,
    check,
    constant_arrival_rate,
    constant_vus,
    env,
    options,
    pool,
    scenario,
    setup,
    teardown,
    thresholds,
    uniform,
)

DURATION = env("DURATION", "1m")

# What surgeline.toml, the environment (SURGELINE_BASE_URL) or a flag (--base-url) may say as well.
options(base_url=env("BASE_URL", "http://127.0.0.1:8080"), tags={{"test": "{name}"}})

thresholds({{
    "http_req_duration": ["p(95)<500", "p(99)<1000"],  # milliseconds
    "http_req_duration{{name:order}}": "p(95)<800",
    "http_req_failed": "rate<0.01",
    "checks": "rate>0.99",
}})

customers = pool.ids("customer-{{:05d}}", first=1, count=1000)
page_size = Trend("page_size", unit="B")


@setup
async def prepare(vu):
    """Runs once, before the load; every virtual user finds what it returns in `vu.data`."""
    response = await vu.http.get("/")
    return {{"ready": response.status == 200}}


@scenario(constant_vus(vus=env("USERS", 10), duration=DURATION))
async def visit(vu):
    response = await vu.http.get("/", name="home")
    check(response, {{"home is there": response.status == 200}})
    page_size.add(len(response.body))
    await vu.think(uniform(0.5, 1.5))


@scenario(constant_arrival_rate(rate=env("RATE", 5), duration=DURATION), start_time=env("ORDERS_AFTER", "5s"))
async def order(vu):
    response = await vu.http.post("/orders", json={{"customer": customers.random(vu), "amount": 1}}, name="order")
    check(response, {{"order is taken": response.ok}})


@teardown
async def tidy(vu):
    """Runs once, after the load, also when it was stopped."""
    await vu.http.get("/", name="home")
'''

TEMPLATES = {"minimal": MINIMAL, "full": FULL, "arrival": ARRIVAL}
