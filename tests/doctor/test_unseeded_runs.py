"""A run whose service says that parents are not there ends with what to do about it; so does its run file."""

import gzip
import json
import sqlite3

import pytest
from doctor_support import service, surgeline

KEY = "00000000-0000-4000-8000-000000000007"
BODY = json.dumps(
    {
        "code": "DATABASE_ERROR",
        "error": {
            "name": "PostgresError",
            "code": "23503",
            "detail": f'Key (user_id)=({KEY}) is not present in table "users".',
            "constraint_name": "message_logs_user_id_users_id_fk",
        },
    }
).encode()
START = "from surgeline import *\nimport asyncio\n"
POST = """
@scenario(shared_iterations(vus=2, iterations=30), name="message")
async def message(vu):
    await vu.http.post("/internal/process-message", json={"userId": 7}, name="process-message")
"""
GET = """
@scenario(shared_iterations(vus=2, iterations=30), name="message")
async def message(vu):
    return await vu.http.get("/")
"""
FOLLOWED = GET.replace("return await", "await")
DISCARDED = "http_options(discard_bodies=True)\n" + POST
STREAMED = """
@scenario(shared_iterations(vus=2, iterations=3), name="message")
async def message(vu):
    async with vu.http.stream("GET", "/") as response:
        await response.read()
"""
RAISED = f"""
@scenario(per_vu_iterations(vus=1, iterations=2), name="direct")
async def direct(vu):
    raise ValueError('insert or update on table "logs" violates foreign key constraint "x"\\nDETAIL:  '
                     'Key (user_id)=({KEY}) is not present in table "users".')
"""
SAID = f"table 'users': no row with the key {KEY} (as user_id)"
COMMAND = "    surgeline seed apply FILE --database URL\n"


def run(folder, text, url, *options):
    (folder / "script.py").write_text(START + text)
    done = surgeline("run", "script.py", "--base-url", url, "--quiet", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done


def unwrapped(text):
    return " ".join(text.split())


@pytest.mark.parametrize(
    "text", [POST, GET, FOLLOWED, DISCARDED], ids=["with a body", "a plain get", "followed natively", "discarded"]
)
def test_the_summary_says_what_is_not_seeded(text, tmp_path):
    with service(500, BODY) as server:
        done = run(tmp_path, text, server.url)

    assert SAID in unwrapped(done.stdout)
    assert COMMAND in done.stdout


@pytest.mark.parametrize("status", [400, 409, 503])
@pytest.mark.parametrize("text", [POST, DISCARDED], ids=["kept", "discarded"])
def test_any_failing_status_counts(text, status, tmp_path):
    with service(status, BODY) as server:
        assert SAID in unwrapped(run(tmp_path, text, server.url).stdout)


def test_of_a_long_answer_the_front_is_looked_at(tmp_path):
    with service(500, BODY + b" " * 200_000) as server:
        assert SAID in unwrapped(run(tmp_path, POST, server.url).stdout)


def test_an_answer_that_is_large_only_when_it_is_decoded_holds_nobody_up(tmp_path):
    with service(500, gzip.compress(BODY + b" " * 5_000_000), **{"Content-Encoding": "gzip"}) as server:
        assert "ADVICE" not in run(tmp_path, POST, server.url).stdout


def test_a_file_that_changes_while_the_load_goes_on_costs_no_results(tmp_path):
    (tmp_path / "users.jsonl").write_text("1\n")
    begun = 'from pathlib import Path\nfile = Path("users.jsonl")\nusers = pool.json(file)\n'
    changed = f'{begun}{POST}    file.write_text("1\\n2\\n")\n'
    with service(500, BODY) as server:
        assert SAID in unwrapped(run(tmp_path, changed, server.url).stdout)


def test_a_compressed_answer_is_read_as_well(tmp_path):
    with service(500, gzip.compress(BODY), **{"Content-Encoding": "gzip"}) as server:
        assert SAID in unwrapped(run(tmp_path, POST, server.url).stdout)


def test_a_body_that_cannot_be_decoded_is_passed_over(tmp_path):
    with service(500, BODY, **{"Content-Encoding": "gzip"}) as server:
        done = run(tmp_path, POST, server.url)

    assert "ADVICE" not in done.stdout
    assert "all requests failed" in done.stdout


def test_a_streamed_answer_stays_the_scripts_own(tmp_path):
    with service(500, BODY) as server:
        assert "ADVICE" not in run(tmp_path, STREAMED, server.url).stdout


def test_an_answer_that_did_not_fail_is_not_looked_at(tmp_path):
    with service(200, BODY) as server:
        assert "ADVICE" not in run(tmp_path, POST, server.url).stdout


def test_an_answer_that_was_expected_is_not_looked_at(tmp_path):
    with service(500, BODY) as server:
        text = POST.replace("name=", "expect=500, name=", 2).replace("expect=500, ", "", 1)
        assert "ADVICE" not in run(tmp_path, text, server.url).stdout


def test_several_workers_tell_what_they_met(tmp_path):
    with service(500, BODY) as server:
        done = run(tmp_path, POST, server.url, "--workers", 2)

    assert unwrapped(done.stdout).count(SAID) == 1
    assert "POST process-message: the database" in unwrapped(done.stdout)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_script_raises_counts_too(workers, tmp_path):
    done = run(tmp_path, RAISED, "http://127.0.0.1:1", "--workers", workers)

    assert f"iterations of direct: the database refused rows whose parents are not in {SAID}" in unwrapped(done.stdout)


def test_a_pool_that_makes_the_key_is_named(tmp_path):
    ids = 'pool.ids("00000000-0000-4000-8000-{:012d}", first=1, count=10000)'
    with service(500, BODY) as server:
        done = run(tmp_path, f"ids = {ids}\n{POST}", server.url)

    assert f"{ids} of the script makes that key" in unwrapped(done.stdout)


def test_a_pool_of_the_table_leads_to_the_command_that_seeds_it(tmp_path):
    (tmp_path / "seeds.py").write_text(
        "from surgeline.seeding import *\n"
        'users = table("users", rows=10_000, key="id",\n'
        '              columns={"id": uuid("00000000-0000-4000-8000-{:012d}"), "email": email()})\n'
    )
    with service(500, BODY) as server:
        done = run(tmp_path, f'from seeds import users\nids = pool.table(users, "id")\n{POST}', server.url)

    said = f"The script draws from a pool of 'users', which {tmp_path / 'seeds.py'}:2 declares: it is not seeded"
    assert "".join(said.split()) in "".join(done.stdout.split())  # a long path is broken at its hyphens
    assert f"    surgeline seed apply {tmp_path / 'seeds.py'} --database URL\n" in done.stdout


def test_the_run_file_keeps_the_advice(tmp_path):
    with service(500, BODY) as server:
        shown = run(tmp_path, POST, server.url).stdout

    (path,) = (tmp_path / ".surgeline" / "runs").iterdir()
    with sqlite3.connect(path) as connection:
        ((text,),) = connection.execute("SELECT result_json FROM result")
    connection.close()
    (advice,) = json.loads(text)["advice"]
    assert KEY in advice["text"]
    assert advice["command"] == COMMAND.strip()
    again = surgeline("report", path, cwd=tmp_path).stdout
    assert shown[shown.index("ADVICE") : shown.index("METRICS")] in again
