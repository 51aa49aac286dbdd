"""What a database URL says, what is shown of it, and which databases may be changed without asking twice."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgeline.errors import OptionError
from surgeline.seeding.connect import connect
from surgeline.seeding.url import DatabaseURL, looks_like_test, parse_url, refuse_unless_test, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "postgresql://me:pw@db:5433/shop",
            DatabaseURL("postgresql", "shop", host="db", port=5433, user="me", password="pw"),
        ),
        ("postgres://db/shop", DatabaseURL("postgresql", "shop", host="db")),
        ("postgresql+asyncpg://me@db/shop", DatabaseURL("postgresql", "shop", host="db", user="me")),
        ("POSTGRESQL://DB/Shop", DatabaseURL("postgresql", "Shop", host="DB")),
        (" postgresql://db/shop\n", DatabaseURL("postgresql", "shop", host="db")),
        (
            "postgresql://a%40b:p%2Fw%40@[::1]:5432/my%20shop",
            DatabaseURL("postgresql", "my shop", host="::1", port=5432, user="a@b", password="p/w@"),
        ),
        (
            "postgresql://me:p/w#?:x@db/shop",
            DatabaseURL("postgresql", "shop", host="db", user="me", password="p/w#?:x"),
        ),
        (
            "postgresql:///shop?host=/var/run/postgresql&sslmode=disable",
            DatabaseURL("postgresql", "shop", options={"host": "/var/run/postgresql", "sslmode": "disable"}),
        ),
        (
            "postgresql://db/shop?host=other.example.com&port=6000&user=me&password=pw",
            DatabaseURL("postgresql", "shop", host="db", user="me", password="pw", port=6000),
        ),
        (
            "postgresql:///shop?host=prod.example.com",
            DatabaseURL("postgresql", "shop", host="prod.example.com"),
        ),
        ("mysql://root:@127.0.0.1/shop", DatabaseURL("mysql", "shop", host="127.0.0.1", user="root", password="")),
        ("mysql+pymysql://db/shop?charset=utf8", DatabaseURL("mysql", "shop", host="db", options={"charset": "utf8"})),
        ("mariadb+mariadbconnector://db/shop", DatabaseURL("mysql", "shop", host="db")),
        ("sqlite:///shop.db", DatabaseURL("sqlite", "shop", file=Path("shop.db"))),
        ("sqlite:////data/shop.sqlite3", DatabaseURL("sqlite", "shop", file=Path("/data/shop.sqlite3"))),
        ("sqlite:data/shop.db", DatabaseURL("sqlite", "shop", file=Path("data/shop.db"))),
        ("sqlite:/data/shop.db", DatabaseURL("sqlite", "shop", file=Path("/data/shop.db"))),
        ("sqlite+aiosqlite:///shop.db?timeout=5", DatabaseURL("sqlite", "shop", file=Path("shop.db"))),
    ],
)
def test_a_url_says(text: str, expected: DatabaseURL) -> None:
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop",
        "secret@db/shop",
        "oracle://me:secret@db/shop",
        "postgresql:shop",
        "postgresql://me:secret@db:5432",
        "postgresql://me:secret@db/",
        "postgresql://me:secret@db:0/shop",
        "postgresql://me:secret@db:99999/shop",
        "postgresql://me:secret@db:port/shop",
        "postgresql://me:sec@ret@db/shop",
        "postgresql://me:secret@db/shop/more",
        "postgresql://me:secret@d b/shop",
        "postgresql://me:secret@[::1/shop",
        "postgresql://me:secret@db1,db2/shop",
        "postgresql://db/shop?password=secret&port=many",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://secret.db",
    ],
)
def test_another_text_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(OptionError, match="expected") as caught:
        parse_url(text)
    assert "secret" not in str(caught.value)
    assert "ret@" not in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    for scheme in ("", "postgresql://", "mysql://me:", "sqlite:"):
        try:
            shown(scheme + text)
        except OptionError:
            continue


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from(["postgresql", "mysql"]))
def test_a_password_is_never_shown(password: str, scheme: str) -> None:
    marked = f"hidden{password}hidden"
    url = DatabaseURL("postgresql" if scheme == "postgresql" else "mysql", "shop", "db", 1, "me", marked, {"x": marked})
    assert marked not in shown(url) + repr(url) + url.place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://me:pw@db:5433/shop?password=pw", "postgresql://me@db:5433/shop"),
        ("mysql+pymysql://a%40b:pw@[::1]/my%20shop", "mysql://a%40b@[::1]/my%20shop"),
        ("postgresql:///shop?host=/tmp", "postgresql:///shop"),
        ("sqlite:////data/shop.db", "sqlite:////data/shop.db"),
        ("sqlite:shop.db", "sqlite:///shop.db"),
    ],
)
def test_what_is_shown_of_a_url(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    "name",
    [
        "test", "shop_test", "test-shop", "shop.test", "test1", "shop_test_2", "testdb", "apptest", "TestDB",
        "ShopTEST", "perf", "shop_perftest", "load_shop", "shop-loadtest", "bench", "benchmark_3", "dev",
        "shopdev", "devdb", "development", "demo", "local_shop", "ci", "ci_42", "qa", "qa2", "shop_stage",
        "staging", "sandbox", "tmp_shop", "scratch", "example", "surgeline_coupons", "mysurgeline",
        "latest_test", "products_test", "testusers", "django_test", "12test34", "shop_testing", "delivery_test",
        "producer_test",
    ],
)  # fmt: skip
def test_a_name_of_a_test(name: str) -> None:
    assert looks_like_test(DatabaseURL("postgresql", name, host="db.company.com"))


@pytest.mark.parametrize(
    "name",
    [
        "shop", "postgres", "mysql", "app", "latest", "app_latest", "contest", "protests", "greatest", "attest",
        "detest", "testimonials", "devices", "social", "city", "specification", "upload", "payload",
        "downloads", "backstage", "hostage", "stages", "locale", "localhost", "democracy", "performance",
        "benches", "stamp", "equal", "qatar", "prod", "production", "shop_prod", "prod_test", "test_production",
        "live", "shoplive", "live_test", "prd", "testprd", "prodtest", "testprod", "proddb_test",
        "productiontest", "shop_test_prod2", "prod2_test", "reproduction_test",
    ],
)  # fmt: skip
def test_a_name_that_is_not_known_to_be_of_a_test(name: str) -> None:
    assert not looks_like_test(DatabaseURL("postgresql", name, host="localhost"))


@pytest.mark.parametrize(
    ("host", "is_test"),
    [
        ("test-db.company.com", True),
        ("db.staging.company.com", True),
        ("db-perf2.company.com", True),
        ("db.example.com", True),
        ("shop.test", True),
        ("dev", True),
        ("localhost", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("db.company.dev", False),
        ("postgres.default.svc.cluster.local", False),
        ("shop.cq9qa2xyzdev3abc.us-east-1.rds.amazonaws.com", False),
        ("db.prod.company.com", False),
        ("test.prod.company.com", False),
        ("production-test.company.com", False),
        ("mac.local", False),
    ],
)
def test_a_host_of_a_test(host: str, is_test: bool) -> None:
    assert looks_like_test(DatabaseURL("postgresql", "shop", host=host)) is is_test


def test_a_host_of_production_spoils_the_name_of_a_test() -> None:
    assert not looks_like_test(parse_url("postgresql://prod-db.company.com/shop_test"))
    assert not looks_like_test(parse_url("postgresql:///shop_test?host=prod-db.company.com"))
    assert looks_like_test(parse_url("postgresql://db.company.com/shop_test"))


def test_a_file_below_the_temporary_folder_is_a_test_unless_it_speaks_of_production(tmp_path: Path) -> None:
    below = Path(tempfile.gettempdir()) / "somewhere" / "shop.db"
    assert looks_like_test(parse_url(f"sqlite:///{below}"))
    assert not looks_like_test(parse_url(f"sqlite:///{below.with_name('shop_prod.db')}"))
    assert not looks_like_test(parse_url("sqlite:////data/tests/shop.db"))
    assert not looks_like_test(parse_url(f"sqlite:///{tempfile.gettempdir()}/../data/shop.db"))
    assert looks_like_test(parse_url("sqlite:////data/shop_test.db"))
    assert not looks_like_test(parse_url("sqlite:////data/shop.test"))


def test_a_database_of_a_test_is_let_through() -> None:
    refuse_unless_test(parse_url("postgresql://db/shop_test"), None)
    refuse_unless_test(parse_url("postgresql://db/shop_test"), "shop_test")


def test_any_other_is_let_through_when_its_name_is_given() -> None:
    refuse_unless_test(parse_url("postgresql://db/shop"), "shop")
    refuse_unless_test(parse_url("sqlite:////data/shop.db"), "shop")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("postgresql://me:secret@localhost/shop", "neither its name nor its host"),
        ("postgresql://me:secret@db/shop_prod", "'prod' in its name or host speaks of production"),
        ("mysql://me:secret@live.company.com:3307/shop", "'live' in its name or host speaks of production"),
        ("sqlite:////data/secretive/shop.db", "neither its name"),
    ],
)
def test_any_other_is_refused_with_the_reason_and_the_flag_to_give(text: str, reason: str) -> None:
    url = parse_url(text)
    with pytest.raises(OptionError) as caught:
        refuse_unless_test(url, None)
    message = str(caught.value)
    assert reason in message
    assert repr(url.database) in message
    assert url.place in message
    assert message.endswith(f"--yes-this-database {url.database}")
    assert ":secret" not in message


def test_a_name_with_a_space_can_be_pasted_as_the_flag_says() -> None:
    with pytest.raises(OptionError, match="--yes-this-database 'my shop'"):
        refuse_unless_test(parse_url("postgresql://db/my%20shop"), None)


@pytest.mark.parametrize("text", ["postgresql://db/shop_test", "postgresql://db/shop"])
def test_the_name_of_another_database_is_refused_whatever_it_looks_like(text: str) -> None:
    with pytest.raises(OptionError, match="'other'"):
        refuse_unless_test(parse_url(text), "other")


@pytest.mark.parametrize(("scheme", "driver"), [("postgresql", "asyncpg"), ("mysql", "pymysql")])
def test_a_missing_driver_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, scheme: str, driver: str
) -> None:
    for module in [name for name in sys.modules if name.startswith(("surgeline.seeding.databases.", driver))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, driver, None)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=rf'{driver}.*pip install "surgeline\[seeding\]"'), connect(f"{scheme}://h/d"):
        pytest.fail("it connected without a driver")


def test_no_driver_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; from surgeline.seeding.connect import connect; from surgeline.seeding.url import shown;"
        "shown('postgresql://db/shop'); print([m for m in ('asyncpg', 'pymysql', 'sqlite3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
