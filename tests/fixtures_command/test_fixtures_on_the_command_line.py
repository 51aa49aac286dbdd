"""`surgeline fixtures` as users run it: what it writes, what it says, and what it ends with."""

import json
import os
import pty
import signal
import stat
import subprocess
import threading

import jwt
import pytest
from oauth_server import COMMAND, CREDENTIALS, PASSWORD, WAIT, environment, fixtures, refused, started, token_for

from surgeline.seeding.file import load_declarations

FAST = ("--rate", "9999/s")


def test_the_three_files_of_a_test_and_the_same_bytes_again(tmp_path):
    said, first = [], {}
    for _ in range(2):
        for command in ("users", "catalogue", "tokens"):
            done = fixtures(command, cwd=tmp_path)
            assert (done.returncode, done.stdout) == (0, ""), done.stderr
            said.append(done.stderr)
        files = {path.name: path.read_bytes() for path in (tmp_path / "fixtures").iterdir()}
        first = first or files
        assert files == first
    assert files.keys() == {"users.json", "challenges.json", "tokens.json"}
    assert (
        said[:3]
        == said[3:]
        == [
            "Wrote fixtures/users.json: 10,000 users, 983.7kB.\n",
            "Wrote fixtures/challenges.json: 10 challenges of 50 goals, 108.9kB.\n",
            "Wrote fixtures/tokens.json: 10,000 HS256 tokens, valid until 2035-01-01T00:00:00Z, 2.85MB.\n",
        ]
    )
    users, tokens = (json.loads(files[name]) for name in ("users.json", "tokens.json"))
    assert [user["id"] for user in users] == [token["userId"] for token in tokens]


def test_options_of_users_and_catalogues(tmp_path):
    users = ("users", "--count", 3, "--seed", 5, "--id-pattern", "user-{:03d}", "--namespace", "arena")
    assert fixtures(*users, "--out", "a/u.json", cwd=tmp_path).returncode == 0
    found = json.loads((tmp_path / "a" / "u.json").read_text())
    assert [(user["id"], user["namespace"]) for user in found] == [
        (f"user-00{number}", "arena") for number in (1, 2, 3)
    ]
    catalogue = ("catalogue", "--challenges", 2, "--goals", 4, "--seed", 5)
    assert fixtures(*catalogue, "--out", "/dev/stdout", cwd=tmp_path).returncode == 0
    piped = json.loads(fixtures(*catalogue, "--out", "/dev/stdout", cwd=tmp_path).stdout)
    assert [len(one["goals"]) for one in piped] == [4, 4]


def test_a_private_key_is_made_once_and_its_tokens_are_verified_by_its_key_set(folder):
    made = fixtures("key", cwd=folder)
    key = folder / "fixtures" / "key.pem"
    assert made.returncode == 0
    assert "keep it out of version control" in made.stderr
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    content = key.read_bytes()
    again = fixtures("key", cwd=folder)
    assert (again.returncode, key.read_bytes()) == (104, content)
    assert "expected a new file" in again.stderr

    options = (
        "--issuer",
        "https://auth.test",
        "--audience",
        "game",
        "--claim",
        "role=player",
        "--claim",
        "level={level}",
    )
    files = ("--key", key, "--jwks-out", "keys.json", "--public-key-out", "public.pem")
    time = ("--issued-at", "now", "--expires", "12h")
    done = fixtures("tokens", "--algorithm", "RS256", *files, *options, *time, cwd=folder)
    assert done.returncode == 0, done.stderr
    (verifies,) = jwt.PyJWKSet.from_json((folder / "keys.json").read_text()).keys
    for number, one in enumerate(json.loads((folder / "fixtures" / "tokens.json").read_text())):
        for with_key in (verifies.key, (folder / "public.pem").read_bytes()):
            claims = jwt.decode(one["token"], with_key, ["RS256"], audience="game", issuer="https://auth.test")
            assert (claims["sub"], claims["role"], claims["level"]) == (f"id-{number}", "player", number)


def test_own_secrets_sign_and_are_not_told(folder):
    done = fixtures("tokens", cwd=folder, env={"SURGELINE_JWT_SECRET": "hunter2"})
    assert done.returncode == 0
    assert "SURGELINE_JWT_SECRET is shorter than the 32 bytes" in done.stderr
    content = (folder / "fixtures" / "tokens.json").read_text()
    assert "hunter2" not in content + done.stderr
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        assert jwt.decode(json.loads(content)[3]["token"], "hunter2", ["HS256"])["sub"] == "id-3"


def test_tokens_that_have_ended_already_are_told(folder):
    done = fixtures("tokens", "--expires", "1h", cwd=folder)
    assert done.returncode == 0
    assert "valid until 2025-01-01T01:00:00Z, " in done.stderr
    assert "They have ended already: --issued-at now makes new ones." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["users", "--count", "0"], "0 is not in the range"),
        (["users", "--table", "seed.py"], "--table: expected FILE:NAME, found 'seed.py'"),
        (["users", "--table", "seed.py:users", "--seed", "3"], "--seed: expected none here"),
        (["users", "-e", "A=b"], "-e: expected none here, found one: there is no --table"),
        (["tokens", "--users", "none.json"], "`surgeline fixtures users --out none.json` makes one"),
        (["tokens", "--id-field", "key"], "--id-field names the field"),
        (["tokens", "--algorithm", "RS256"], "`surgeline fixtures key` makes one"),
        (["tokens", "--key", "key.pem"], "--key: expected none here, found one: that is for --algorithm RS256"),
        (["tokens", "--rate", "5/s"], "--rate: expected none here, found one: that is for tokens --from a server"),
        (["tokens", "--from", "http://127.0.0.1:9/", "--claim", "a=b"], "--claim: expected none here"),
        (["tokens", "--from", "http://127.0.0.1:9/"], "expected OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET in"),
        (["tokens", "--from", "http://127.0.0.1:9/", "--password-field", "p"], "that is for --grant password"),
        (["tokens", "--from", "http://127.0.0.1:9/", "--rate", "x"], "--rate: expected one such as"),
        (["tokens", "--from", "http://127.0.0.1:9/", "--timeout", "0"], "--timeout: expected a duration above 0"),
        (["tokens", "--from", "http://x:hunter2@127.0.0.1:9/"], "expected a URL without a log-in"),
        (["tokens", "--from", "ftp://x:hunter2@127.0.0.1:9/"], "expected an http"),
        (["tokens", "--from", "x:hunter2@auth"], "--from: expected an absolute URL such as https://"),
        (["tokens", "--claim", "sub=null"], "--claim: expected text for the claim 'sub'"),
        (["tokens", "--client-secret", "hunter2"], "No such option"),
        (["tokens", "--claim", "x={nick}"], "expected a field of the users (id, username, level), found '{nick}'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_and_nothing_is_written(folder, arguments, message):
    done = fixtures(*arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (104, ""), done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr
    assert [path.name for path in (folder / "fixtures").iterdir()] == ["users.json"]


def fetched(server, folder, *more, grant="password", env=CREDENTIALS):
    return fixtures("tokens", "--from", server.url, "--grant", grant, *more, cwd=folder, env=env)


def tokens_of(folder):
    return {one["userId"]: one["token"] for one in json.loads((folder / "fixtures" / "tokens.json").read_text())}


def assert_no_secret(folder, *texts):
    texts += tuple(path.read_text() for path in (folder / "fixtures").iterdir() if path.name != "users.json")
    assert not [secret for secret in CREDENTIALS.values() for text in texts if secret in text]


def test_a_token_of_a_server_for_every_user(server, folder):
    done = fetched(server, folder, *FAST)
    assert done.returncode == 0, done.stderr
    assert tokens_of(folder) == {f"id-{number}": f"token-of-user{number}" for number in range(10)}
    assert done.stderr.startswith("Wrote fixtures/tokens.json: 10 tokens, all valid until 20")
    assert stat.S_IMODE((folder / "fixtures" / "tokens.json").stat().st_mode) == 0o600
    assert {path.name for path in (folder / "fixtures").iterdir()} == {"users.json", "tokens.json"}
    assert_no_secret(folder, done.stderr)


def test_no_more_at_once_than_was_said(server, folder):
    together = threading.Barrier(3)

    def answer(asked):
        if asked.number < 9:
            together.wait(WAIT)  # three come together, else it would break
        return token_for(asked)

    server.answer = answer
    assert fetched(server, folder, *FAST, "--concurrency", 3).returncode == 0
    assert server.most_at_once == 3


def test_a_server_with_bad_moments_gives_all_tokens_in_the_end(server, folder):
    moments = [(429, {"Retry-After": "0"}, b""), (500, {}, b"oops"), b"garbage\n", None, (200, {}, b"<html>")]

    def answer(asked):
        number = int(asked.form["username"].removeprefix("user"))
        return moments[number] if asked.tried == 0 and number < len(moments) else token_for(asked)

    server.answer = answer
    done = fetched(server, folder, *FAST)
    assert done.returncode == 0, done.stderr
    assert len(tokens_of(folder)) == 10
    assert len(server.asked) == 15


def test_missing_tokens_are_told_and_the_same_command_asks_for_them_alone(server, folder):
    wrong = {"user2", "user5"}
    server.answer = lambda asked: (
        refused("invalid_grant", error_description="wrong password")
        if asked.form["username"] in wrong
        else token_for(asked)
    )
    done = fetched(server, folder, *FAST, "--concurrency", 1)
    assert done.returncode == 99
    assert done.stderr.splitlines() == [
        "2 of 10 tokens are missing.",
        "  2 x 400 invalid_grant: id-2, id-5 (wrong password)",
        "8 are kept in fixtures/tokens.json.partial; the same command goes on with those that are missing.",
    ]
    assert not (folder / "fixtures" / "tokens.json").exists()
    assert stat.S_IMODE((folder / "fixtures" / "tokens.json.partial").stat().st_mode) == 0o600
    assert_no_secret(folder, done.stderr)
    wrong.clear()
    before = len(server.asked)
    assert fetched(server, folder, *FAST).returncode == 0
    assert sorted(server.users[before:]) == ["user2", "user5"]
    assert list(tokens_of(folder)) == [f"id-{number}" for number in range(10)]
    assert not (folder / "fixtures" / "tokens.json.partial").exists()


def test_a_refused_client_is_asked_for_nobody_else(server, folder):
    server.answer = lambda asked: refused("invalid_client", 401, error_description=f"no {asked.login}")
    done = fetched(server, folder, "--concurrency", 1, "--rate", "1/m", grant="client_credentials")
    assert done.returncode == 99
    assert "1 x 401 invalid_client: id-0 (withheld, for it quotes a secret)\n" in done.stderr
    assert "The other users were not asked for" in done.stderr
    assert len(server.asked) == 1
    assert_no_secret(folder, done.stderr)


def test_tokens_of_another_client_are_not_mixed(server, folder):
    server.answer = lambda asked: refused("x") if asked.form["username"] == "user0" else token_for(asked)
    assert fetched(server, folder, *FAST).returncode == 99
    other = fetched(server, folder, *FAST, env=CREDENTIALS | {"OAUTH_CLIENT_ID": "other"})
    assert other.returncode == 104
    assert "found those of another; remove it to begin anew" in other.stderr


def test_a_wrong_url_leaves_nothing_behind_that_refuses_the_right_one(server, folder):
    right = server.answer
    server.answer = lambda asked: (404, {}, b"<html>")
    url = f"{server.url}?wrong"
    done = fixtures("tokens", "--from", url, "--grant", "password", *FAST, cwd=folder, env=CREDENTIALS)
    assert done.returncode == 99
    assert "10 of 10 tokens are missing." in done.stderr
    assert "kept" not in done.stderr
    assert [path.name for path in (folder / "fixtures").iterdir()] == ["users.json"]
    server.answer = right
    assert fetched(server, folder, *FAST).returncode == 0


class Gate:
    """Answers some, and lets the next wait."""

    def __init__(self, first):
        self.first = first
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, asked):
        if asked.number >= self.first and not self.open.is_set():
            self.reached.set()
            self.open.wait(WAIT)
            return None
        return token_for(asked)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 105)])
def test_what_there_is_outlives_its_process(server, folder, number, code):
    gate = server.answer = Gate(4)
    arguments = ("tokens", "--from", server.url, "--grant", "password", "--concurrency", "1", *FAST)
    process = started(*arguments, cwd=folder, env=CREDENTIALS)
    assert gate.reached.wait(WAIT)
    process.send_signal(number)
    _, said = process.communicate(timeout=WAIT)
    gate.open.set()
    assert process.returncode == code, said
    assert "Traceback" not in said
    if number == signal.SIGINT:
        assert "Interrupted: 6 of 10 tokens are missing." in said
        assert "4 are kept in fixtures/tokens.json.partial; the same command goes on" in said
    before = len(server.asked)
    done = fixtures(*arguments, cwd=folder, env=CREDENTIALS)
    assert done.returncode == 0, done.stderr
    assert server.users[before:] == [f"user{user}" for user in range(4, 10)]
    assert len(tokens_of(folder)) == 10


def test_passwords_in_the_file_of_users_stay_there(server, folder):
    users = [{"id": number, "username": f"user{number}", "pin": f"{PASSWORD}{number}"} for number in range(3)]
    (folder / "fixtures" / "users.json").write_text(json.dumps(users))
    server.answer = lambda asked: refused("invalid_grant", error_description=f"{asked.form['password']} is wrong")
    done = fetched(server, folder, "--password-field", "pin", *FAST)
    assert done.returncode == 99
    assert_no_secret(folder, done.stderr)


def test_real_tokens_need_a_file(server, folder):
    done = fetched(server, folder, "--out", "/dev/stdout")
    assert (done.returncode, server.asked) == (104, [])
    assert "--out: expected a file for tokens of a server" in done.stderr


def test_a_terminal_has_a_bar(folder):
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [*COMMAND, "tokens"], stderr=theirs, cwd=folder, env=environment(TERM="xterm")
        ) as process:
            os.close(theirs)
            said = b""
            while b"Wrote" not in said:
                said += os.read(ours, 65536)
        assert process.returncode == 0
    finally:
        os.close(ours)
    assert b"tokens" in said.partition(b"Wrote")[0]


DECLARED = """
from surgeline import env
from surgeline.seeding import decimal, email, table, timestamp, uuid

print("no result")
users = table("users", rows=int(env("ROWS", 1_000)), key="id", columns={
    "id": uuid(), "email": email(), "since": timestamp("2024-01-01", "2024-12-31"), "balance": decimal(0, 100)})
"""


def test_users_of_a_declared_table_are_its_rows(tmp_path):
    (tmp_path / "seed.py").write_text(DECLARED)
    done = fixtures("users", "--table", "seed.py:users", "-e", "ROWS=700", "--out", "/dev/stdout", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (table,) = load_declarations(tmp_path / "seed.py", {"ROWS": "700"}).tables
    rows = [table.row(number) for number in range(700)]
    found = json.loads(done.stdout)
    assert [(one["id"], one["email"]) for one in found] == [(row["id"], row["email"]) for row in rows]
    assert [one["since"] for one in found] == [row["since"].isoformat() for row in rows]
    assert [one["balance"] for one in found] == [str(row["balance"]) for row in rows]

    assert fixtures("users", "--table", "seed.py:users", "--count", 3, cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "fixtures" / "users.json").read_text()) == found[:3]
    assert fixtures("tokens", "--claim", "since={since}", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("table", "more", "message"),
    [
        ("seed.py:orders", (), "expected a table that seed.py declares (users), found 'orders'"),
        ("seed.py:users", ("--count", "1001"), "expected at most the 1,000 rows of users, found 1,001"),
        ("none.py:users", (), "none.py"),
    ],
)
def test_a_table_that_is_not_there_is_told(tmp_path, table, more, message):
    (tmp_path / "seed.py").write_text(DECLARED)
    done = fixtures("users", "--table", table, *more, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (104, "")
    assert message in done.stderr
