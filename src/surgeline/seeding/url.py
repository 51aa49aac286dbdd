"""Database URLs: what they say, how they are shown without passwords, and whether they are a test's.

Must not know any driver. A command that changes a database asks here first: nothing is as dear as a production
database that a test was let loose on.
"""

import re
import shlex
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote

from surgeline.errors import OptionError

Kind = Literal["postgresql", "mysql", "sqlite"]

FLAG = "--yes-this-database"
_KINDS: dict[str, Kind] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
}
_PORTS = {"postgresql": 5432, "mysql": 3306}
_SOCKETS = {"postgresql": "host", "mysql": "unix_socket"}
_FORMS = (
    "postgresql://HOST:5432/DATABASE, mysql://HOST:3306/DATABASE or sqlite:///FILE (before HOST stand the user, a "
    "colon and the password, with special characters as %xx, and an @)"
)
_SCHEME = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9]*)(?:\+[a-zA-Z0-9_]+)?:(?P<rest>.*)", re.DOTALL)
# A password may hold anything but the @ that ends it: people paste them as they are.
_PLACE = re.compile(
    r"//(?:(?P<user>[^:@/]*)(?::(?P<password>[^@]*))?@)?(?P<host>\[[0-9a-fA-F:.%]+\]|[^@:/?#\[\]\s,]*)(?::(?P<port>\d{1,5}))?"
    r"(?:/(?P<database>[^?/#]*))?(?:\?(?P<query>.*))?"
)

_TEST_WORDS = (
    "test", "tests", "testing", "perf", "perftest", "load", "loadtest", "loadtests", "bench", "benchmark", "benchmarks",
    "dev", "develop", "development", "demo", "local", "ci", "qa", "stage", "staging", "sandbox", "tmp", "temp",
    "scratch", "example", "surgeline",
)  # fmt: skip
# `testdb`, `devdata`; but not `testimonials`, `devices`, `localhost`.
_TEST_FIRST = re.compile(f"(?:{'|'.join(_TEST_WORDS)})(?:db|database|data|env|server|app|users?|schema)")
# `apptest`; but not `latest`. Words that are often the end of others (upload, social, backstage) need a separator.
_TEST_LAST = re.compile(r"[a-z]+(?:tests?|testing|perf|dev|demo|staging|sandbox|surgeline)")
_ENDS_LIKE_TEST = (
    "latest", "greatest", "fastest", "shortest", "smartest", "hottest", "brightest", "lightest", "contest", "contests",
    "protest", "protests", "attest", "detest",
)  # fmt: skip
# `proddb`, `appprod`; not `products`. In doubt it is production: then only a flag has to be given.
_PRODUCTION = re.compile(r"prod(?!uc).*|production.*|live.*|prd.*|.*(?:prod|production|live|prd)")
# The end of a host's name says nothing: `.dev` is sold to anyone, `.local` is every cluster's own.
_TEST_DOMAINS = frozenset({"test", "example"})


@dataclass(frozen=True, slots=True)
class DatabaseURL:
    """What a database URL says. Its representation has no password in it."""

    kind: Kind
    database: str
    """The database's name; of SQLite the file's, without its ending."""
    host: str | None = None
    """None where the database is a file or behind a socket."""
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: dict[str, str] = field(default_factory=dict, repr=False)
    file: Path | None = None
    """Of SQLite."""

    @property
    def place(self) -> str:
        """Where the database is: host and port, a socket, or the file."""
        if self.file is not None:
            return str(self.file)
        host = self.host or self.options.get(_SOCKETS[self.kind], "localhost")
        return f"{host}:{self.port or _PORTS[self.kind]}"


def parse_url(text: str) -> DatabaseURL:
    """Return what a URL says. Raises OptionError, without the URL's text: it may hold a password."""
    match = _SCHEME.fullmatch(text.strip())
    if match is None:
        raise OptionError(f"expected a database URL, {_FORMS}, found text without a scheme")
    scheme = match["scheme"].lower()
    if scheme not in _KINDS:
        raise OptionError(f"expected a database URL, {_FORMS}, found the scheme {scheme!r}")
    if _KINDS[scheme] == "sqlite":
        return _file_url(match["rest"])
    return _server_url(_KINDS[scheme], match["rest"])


def shown(url: DatabaseURL | str) -> str:
    """Return the URL without its password and options, which may hold another. Raises OptionError."""
    url = parse_url(url) if isinstance(url, str) else url
    if url.file is not None:
        return f"sqlite:///{url.file}"
    user = f"{quote(url.user)}@" if url.user else ""
    host = f"[{url.host}]" if url.host and ":" in url.host else url.host or ""
    port = f":{url.port}" if url.port else ""
    return f"{url.kind}://{user}{host}{port}/{quote(url.database)}"


def looks_like_test(url: DatabaseURL) -> bool:
    """Tell whether the database's name or its host says that it is for tests, and neither speaks of production.

    `localhost` says nothing: the near end of a tunnel to production is called that too.
    """
    words = _words(url)
    if any(map(_is_production, words)):
        return False
    return any(map(_is_test, words)) or _is_temporary(url.file)


def refuse_unless_test(url: DatabaseURL, agreed: str | None) -> None:
    """Let through databases that look like a test's, and the one whose name the user gave: `agreed`.

    Raises OptionError that says which database, why, and what to give.
    """
    if agreed is not None and agreed != url.database:
        raise OptionError(
            f"{FLAG}: expected the name of the database that the URL names, {url.database!r}, found {agreed!r}. "
            f"Nothing was changed; correct the URL or the name."
        )
    if agreed is None and not looks_like_test(url):
        raise OptionError(
            f"expected a database for tests, found {url.database!r} at {url.place}: {_why(url)}. Nothing was changed. "
            f"If this database may be changed, say so: {FLAG} {shlex.quote(url.database)}"
        )


def _why(url: DatabaseURL) -> str:
    found = [word for word in _words(url) if _is_production(word)]
    if found:
        return f"{found[0]!r} in its name or host speaks of production"
    return "neither its name nor its host has a word like test, dev, staging or perf in it"


def _server_url(kind: Kind, rest: str) -> DatabaseURL:
    match = _PLACE.fullmatch(rest)
    if match is None:
        raise OptionError(f"expected a database URL, {_FORMS}, found something else after the scheme {kind!r}")
    said = {name: unquote(value) for name, value in match.groupdict("").items()}
    if not said["database"]:
        raise OptionError(f"expected the name of a database at the end of the URL, {_FORMS}, found none")
    options = dict(parse_qsl(match["query"] or ""))
    # PostgreSQL's URLs may say these at the end too; a folder of sockets can be said nowhere else.
    for name in ("user", "password", "port", "host"):
        if name in options and not options[name].startswith("/"):
            said[name] = said[name] or options[name]
            del options[name]
    return DatabaseURL(
        kind=kind,
        database=said["database"],
        host=said["host"].strip("[]") or None,
        port=_port(said["port"]),
        user=said["user"] or None,
        password=said["password"] if said["password"] or match["password"] is not None else None,
        options=options,
    )


def _port(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) not in range(1, 65_536):
        raise OptionError(f"expected a port from 1 to 65535 in the database URL, {_FORMS}, found another")
    return int(text)


def _file_url(rest: str) -> DatabaseURL:
    """`sqlite:///relative`, `sqlite:////absolute`, as SQLAlchemy has it, and `sqlite:path`."""
    path, _, _ = rest.partition("?")
    if path.startswith("//"):
        host, _, path = path.removeprefix("//").partition("/")
        if host:
            raise OptionError(
                "expected sqlite:///file (three slashes, four before an absolute path), found two slashes"
            )
    if path in {"", ":memory:"}:
        raise OptionError(
            "expected the file of a SQLite database, sqlite:///file, found none: one in memory is soon gone"
        )
    file = Path(path)
    return DatabaseURL(kind="sqlite", database=file.stem, file=file)


def _words(url: DatabaseURL) -> list[str]:
    return [word for word in (*_words_of_name(url.database), *_words_of_host(url.host or "")) if word]


def _words_of_name(name: str) -> Iterable[str]:
    return re.split(r"[^a-z]+", name.lower())


def _words_of_host(host: str) -> Iterable[str]:
    """Digits divide no words in a host's name: `cq9qa2xyz` is a random one."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) > 1 and labels[-1] not in _TEST_DOMAINS:
        labels.pop()
    return [part.strip("0123456789") for label in labels for part in re.split("[_-]", label)]


def _is_test(word: str) -> bool:
    if word in _TEST_WORDS or _TEST_FIRST.fullmatch(word):
        return True
    return word not in _ENDS_LIKE_TEST and _TEST_LAST.fullmatch(word) is not None


def _is_production(word: str) -> bool:
    return _PRODUCTION.fullmatch(word) is not None


def _is_temporary(file: Path | None) -> bool:
    return file is not None and file.resolve().is_relative_to(Path(tempfile.gettempdir()).resolve())
