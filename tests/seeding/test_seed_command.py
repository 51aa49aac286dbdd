"""`surgeline seed` as users run it: what is printed, how it ends, and what no message may hold."""

import json
import os
import pty
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from seeding_support import dump, make_shop, rows

from healthy_generator import COMMAND
from surgeline.cli.main import main
from surgeline.seeding.connect import connect
from surgeline.seeding.database import Database

FILE = """
from surgeline import env
from surgeline.seeding import foreign_key, integer, pattern, sequence, table, written

users = table("users", rows=env("USERS", 10), key="id", columns={
    "id": sequence(), "email": pattern("perf.user.{}@test.com"), "age": integer(18, 99)})
orders = table("orders", rows=20, key="id", columns={"id": sequence(100), "user_id": foreign_key(users)})
logs = written("logs")
"""


@dataclass
class Ended:
    code: int
    out: str
    err: str


Seed = Callable[..., Ended]


@pytest.fixture
def shop(database: Database, place: Any) -> Database:
    make_shop(database, place.numbered)
    return database


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Seed:
    """Runs the command in this process, in a folder with the declaration; the process keeps its signals."""
    (tmp_path / "seed.py").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def ended(*arguments: str) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            main(["seed", *arguments])
        said = capsys.readouterr()
        return Ended(int(caught.value.code or 0), said.out, said.err)

    return ended


@pytest.fixture
def seed(run: Seed, shop: Database, place: Any) -> Seed:
    """The command on the shop."""
    return lambda name, *more: run(name, "seed.py", "--database", place.url, *more)


def columns(line: str) -> list[str]:
    return line.split()


class TestOutput:
    def test_a_life_in_text(self, seed: Seed, shop: Database) -> None:
        plan = seed("plan")
        assert plan.code == 0
        head = f"{shop.target.kind} {shop.target.version} at {shop.target.host}, database {shop.target.database}"
        lines = plan.out.splitlines()
        assert lines[0] == head
        assert columns(lines[2]) == ["TABLE", "rows", "make", "change", "delete", "keep", "of", "others", "version"]
        assert columns(lines[3])[:7] == ["users", "10", "10", "0", "0", "0", "0"]
        assert columns(lines[4])[:7] == ["orders", "20", "20", "0", "0", "0", "0"]
        assert lines[5] == "logs: written by the test, 0 rows now"
        assert lines[-1].startswith("In this order: users, orders. About ")
        applied = seed("apply")
        assert applied.code == 0
        assert columns(applied.out.splitlines()[3])[:7] == ["users", "10", "10", "0", "0", "0", "0"]
        assert [line.partition(":")[0] for line in applied.err.splitlines()] == ["users", "orders", "statistics"]
        assert "10 rows in " in applied.err
        assert seed("plan").out.endswith("Nothing to do.\n")
        status = seed("status")
        assert (status.code, "all 10 rows are there" in status.out) == (0, True)
        verified = seed("verify")
        assert (verified.code, verified.out.splitlines()[2]) == (0, "users: 10 rows, each as declared")
        shop.execute("INSERT INTO logs (user_id, text) VALUES (1, 'of the test')")
        reset = seed("reset")
        assert reset.code == 0
        assert columns(next(line for line in reset.out.splitlines() if line.startswith("logs")))[1] == "1"
        cleaned = seed("clean")
        assert cleaned.code == 0
        assert {"users", "orders", "logs"} <= {line.split(" ")[0] for line in cleaned.out.splitlines()}
        assert seed("clean").out.endswith("Nothing of this declaration was there.\n")

    def test_a_life_in_json(self, seed: Seed, shop: Database) -> None:
        def answer(name: str, code: int = 0) -> Any:
            ended = seed(name, "--json", "--quiet")
            assert (ended.code, ended.err) == (code, "")
            return json.loads(ended.out)

        plan = answer("plan")
        assert set(plan) == {"changes", "written", "seconds", "remarks"}
        assert plan["written"] == {"logs": 0}
        users = plan["changes"][0]
        assert len(users.pop("version")) == 12
        numbers = {"rows": 10, "made": 10, "changed": 0, "deleted": 0, "kept": 0, "others": 0}
        assert users == {"table": "users", **numbers}
        assert answer("status", 99)[0]["state"] == "not seeded"
        assert [one["made"] for one in answer("apply")] == [10, 20]
        status = answer("status")
        assert set(status[0]) == {
            "table", "state", "declared_rows", "found_rows", "version", "found_version", "applied_at", "message",
        }  # fmt: skip
        assert [one["state"] for one in status] == ["complete", "complete", "written by the test"]
        assert answer("verify") == {"tables": {"users": 10, "orders": 20}, "differences": [], "remarks": []}
        shop.execute("UPDATE users SET age = 1 WHERE id = 3")
        differences = answer("verify", 99)["differences"]
        assert [(one["table"], one["kind"], one["rows"]) for one in differences] == [("users", "changed", 1)]
        assert differences[0]["examples"][0].startswith("id = 3: age is 1, expected ")
        reset = answer("reset")
        assert set(reset) == {"tables", "not_reset"}
        assert reset["tables"][0] == {"table": "users", "deleted": 0, "made": 0, "changed": 1, "left": 0}
        assert {one["table"]: one["deleted"] for one in answer("clean")} == {"users": 10, "orders": 20, "logs": 0}
        assert answer("clean") == []

    def test_what_is_wrong_ends_with_99(self, seed: Seed, shop: Database) -> None:
        assert seed("status").code == 99
        missing = seed("verify")
        assert missing.code == 99
        assert "users: 10 rows, not as declared:\n  10 missing, such as\n    id = 1" in missing.out
        seed("apply")
        shop.execute("DELETE FROM orders")
        assert seed("status").code == 99
        assert "0 of 20 rows are there" in seed("status").out

    def test_quiet_says_nothing_beside_the_result(self, seed: Seed) -> None:
        assert seed("apply", "-q").err == ""

    def test_values_of_the_environment(self, seed: Seed, shop: Database) -> None:
        seed("apply", "-e", "USERS=15")
        assert len(rows(shop, "users")) == 15
        assert seed("status", "-e", "USERS=15").code == 0
        assert seed("status").code == 99

    def test_the_url_of_the_environment(
        self, run: Seed, shop: Database, place: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", place.url)
        assert run("apply", "seed.py").code == 0
        assert len(rows(shop, "users")) == 10

    @pytest.mark.parametrize("indexes", ["auto", "keep", "rebuild"])
    def test_ways_with_indexes(self, seed: Seed, indexes: str) -> None:
        assert seed("apply", "--indexes", indexes).code == 0
        assert seed("verify").code == 0

    def test_refusals_end_with_104_and_change_nothing(self, seed: Seed, shop: Database) -> None:
        shop.execute("INSERT INTO users VALUES (4, 'own@other.org', 1, 'x')")
        before = dump(shop)
        for name in ("plan", "apply", "reset"):
            ended = seed(name)
            assert (ended.code, ended.out) == (104, "")
            assert ended.err.splitlines()[-1].startswith(("surgeline: ", "  - users: id = 4"))
        assert dump(shop) == before


class TestMistakes:
    """On SQLite alone: nothing of it is a database's own."""

    @pytest.fixture
    def file(self, run: Seed, tmp_path: Path) -> Path:
        file = tmp_path / "orders.db"
        file.touch()
        with connect(f"sqlite:///{file}") as opened:
            make_shop(opened, "INTEGER PRIMARY KEY AUTOINCREMENT")
        return file

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["apply"], "Missing argument 'FILE'"),
            (["apply", "nowhere.py", "--database", "sqlite:///test.db"], "nowhere.py"),
            (["apply", "seed.py"], "--database: expected the URL of a database, found none"),
            (["plan", "seed.py", "--database", "sqlite:///nowhere_test.db"], "found no file nowhere_test.db"),
            (["plan", "seed.py", "--database", "oracle://u:hushhush@h/test"], "found the scheme 'oracle'"),
            (
                ["plan", "seed.py", "--database", "postgresql://u:hushhush@h:99999/test"],
                "expected a port from 1 to 65535",
            ),
            (["plan", "seed.py", "--database", "postgresql://u:hushhush@127.0.0.1:1/test"], "'test' at 127.0.0.1:1"),
            (["plan", "seed.py", "--database", "mysql://u:hushhush@127.0.0.1:1/test"], "'test' at 127.0.0.1:1"),
            (
                ["plan", "seed.py", "--database", "sqlite:///t.db", "-e", "USERS"],
                "-e: expected KEY=VALUE, found 'USERS'",
            ),
            (["plan", "seed.py", "--database", "sqlite:///t.db", "-e", "USERS=many"], "USERS"),
            (["apply", "seed.py", "--database", "sqlite:///t.db", "--indexes", "never"], "--indexes"),
            (["fill", "seed.py"], "No such command 'fill'"),
        ],
    )
    def test_each_is_told_in_words(self, run: Seed, arguments: list[str], message: str) -> None:
        ended = run(*arguments)
        assert (ended.code, ended.out) == (104, "")
        assert message in ended.err
        assert "hushhush" not in ended.err
        assert "Traceback" not in ended.err
        assert "(redacted)" not in ended.err

    def test_a_file_that_declares_nothing(self, run: Seed, tmp_path: Path) -> None:
        (tmp_path / "seed.py").write_text("")
        ended = run("plan", "seed.py", "--database", "sqlite:///t.db")
        assert 'declare it: table("users", rows=10_000, key=..., columns={...})' in ended.err.replace("\n", " ")

    def test_only_tables_of_the_test(self, run: Seed, file: Path, tmp_path: Path) -> None:
        (tmp_path / "seed.py").write_text("from surgeline.seeding import written\n\nlogs = written('logs')\n")
        ended = run("apply", "seed.py", "--database", f"sqlite:///{file}")
        assert ended.code == 0
        assert ended.out.endswith("\n\nNo rows are declared; tables of written(...) are left to the test.\n")

    def test_a_password_is_in_no_message(self, run: Seed) -> None:
        for name in ("plan", "status", "verify"):
            ended = run(name, "seed.py", "--database", "postgresql://nobody:hushhush@127.0.0.1:5432/surgeline_test_no")
            assert ended.code == 104
            assert "hushhush" not in ended.err + ended.out

    @pytest.mark.parametrize("name", ["apply", "reset", "clean"])
    def test_a_database_that_does_not_look_like_a_tests(
        self, run: Seed, file: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("surgeline.seeding.url._is_temporary", lambda _file: False)
        url = f"sqlite:///{file}"
        refused = run(name, "seed.py", "--database", url)
        assert refused.code == 104
        assert "expected a database for tests, found 'orders'" in refused.err
        assert "--yes-this-database orders" in refused.err
        wrong = run(name, "seed.py", "--database", url, "--yes-this-database", "order")
        assert wrong.code == 104
        assert "expected the name of the database that the URL names, 'orders', found 'order'" in wrong.err
        with connect(url) as opened:
            assert rows(opened, "users") == []
        assert run("apply", "seed.py", "--database", url, "--yes-this-database", "orders").code == 0
        assert run(name, "seed.py", "--database", url, "--yes-this-database", "orders").code == 0

    @pytest.mark.parametrize("name", ["plan", "status", "verify"])
    def test_looking_needs_no_agreement(
        self, run: Seed, file: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("surgeline.seeding.url._is_temporary", lambda _file: False)
        assert run(name, "seed.py", "--database", f"sqlite:///{file}").code in {0, 99}
        refused = run(name, "seed.py", "--database", f"sqlite:///{file}", "--yes-this-database", "orders")
        assert (refused.code, "No such option" in refused.err) == (104, True)

    def test_a_name_given_needlessly_has_to_be_right_all_the_same(self, run: Seed, file: Path) -> None:
        ended = run("apply", "seed.py", "--database", f"sqlite:///{file}", "--yes-this-database", "another")
        assert ended.code == 104
        with connect(f"sqlite:///{file}") as opened:
            assert rows(opened, "users") == []

    def test_a_name_that_is_a_views_or_nearly_a_tables(self, run: Seed, file: Path, tmp_path: Path) -> None:
        with connect(f"sqlite:///{file}") as opened:
            opened.execute("CREATE VIEW log AS SELECT * FROM logs")
        (tmp_path / "seed.py").write_text(FILE.replace('"orders"', '"orderz"').replace('"logs"', '"log"'))
        ended = run("plan", "seed.py", "--database", f"sqlite:///{file}")
        said = " ".join(ended.err.split())
        assert 'orderz: expected a table, found none; did you mean "orders"; run the migrations first' in said
        assert "log: expected a table, found a view; declare the tables that it shows" in said

    def test_a_declaration_that_does_not_fit(self, run: Seed, file: Path, tmp_path: Path) -> None:
        (tmp_path / "seed.py").write_text(FILE.replace('"age"', '"agee"').replace('"logs"', '"log"'))
        ended = run("apply", "seed.py", "--database", f"sqlite:///{file}")
        assert ended.code == 104
        assert "users.agee: expected a column" in ended.err
        assert "users.age: expected a generator" in ended.err
        assert "log: expected a table, found none" in ended.err

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_file_that_may_not_be_written(self, run: Seed, file: Path) -> None:
        file.chmod(0o444)
        ended = run("apply", "seed.py", "--database", f"sqlite:///{file}")
        assert ended.code == 104
        assert "readonly" in ended.err


class TestRights:
    def test_a_user_who_may_only_read(self, run: Seed, postgres_place: Any) -> None:
        with connect(postgres_place.url) as opened:
            make_shop(opened, "bigserial PRIMARY KEY")
            role = f"surgeline_test_reader_{os.getpid()}"
            opened.execute(f"CREATE ROLE {role} LOGIN")
            try:
                opened.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
                host = postgres_place.url.partition("@")[2] or postgres_place.url.partition("//")[2]
                ended = run("apply", "seed.py", "--database", f"postgresql://{role}@{host}")
                assert ended.code == 104
                assert "permission denied" in ended.err
                assert "grant that to the user" in ended.err
                assert rows(opened, "users") == []
            finally:
                opened.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")

    def test_a_database_that_is_read_only(self, run: Seed, postgres_place: Any) -> None:
        with connect(postgres_place.url) as opened:
            make_shop(opened, "bigserial PRIMARY KEY")
            opened.execute(f"ALTER DATABASE {opened.target.database} SET default_transaction_read_only = on")
        try:
            ended = run("apply", "seed.py", "--database", postgres_place.url)
        finally:  # the database serves other tests, too
            with connect(postgres_place.url) as opened:
                opened.execute("SET default_transaction_read_only = off")
                opened.execute(f"ALTER DATABASE {opened.target.database} RESET default_transaction_read_only")
        assert ended.code == 104
        assert "read-only transaction" in ended.err


class TestAsAProcess:
    @pytest.mark.parametrize("place", ["sqlite"], indirect=True)
    def test_a_terminal_has_a_bar(self, shop: Database, place: Any, tmp_path: Path) -> None:
        (tmp_path / "seed.py").write_text(FILE)
        ours, theirs = pty.openpty()
        command = [*COMMAND, "seed", "apply", "seed.py", "--database", place.url, "--json"]
        try:
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=theirs, cwd=tmp_path, env={**os.environ, "TERM": "xterm"}
            ) as process:
                os.close(theirs)
                out, _ = process.communicate(timeout=120)
            shown = os.read(ours, 65536).decode()
        finally:
            os.close(ours)
        assert [one["made"] for one in json.loads(out)] == [10, 20]
        assert "users" in shown
        assert "10/10" in shown

    @pytest.mark.parametrize("place", ["sqlite"], indirect=True)
    def test_the_exit_codes(self, shop: Database, place: Any, tmp_path: Path) -> None:
        (tmp_path / "seed.py").write_text(FILE)
        codes = [
            subprocess.run(
                [*COMMAND, "seed", *arguments, "--database", place.url], cwd=tmp_path, capture_output=True, check=False
            ).returncode
            for arguments in (["status", "seed.py"], ["apply", "seed.py"], ["verify", "seed.py"], ["apply", "no.py"])
        ]
        assert codes == [99, 0, 0, 104]
