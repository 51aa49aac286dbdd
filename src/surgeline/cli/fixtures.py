"""`surgeline fixtures`: make the files of users, tokens and catalogues that scripts draw from."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from surgeline.cli.declarations import load_declared
from surgeline.cli.run_options import run_options
from surgeline.cli.steps import shown_count
from surgeline.errors import ExitCode, OptionError
from surgeline.fixtures.catalogue import make_catalogue
from surgeline.fixtures.claims import claims_of, parse_claim, parse_validity
from surgeline.fixtures.keys import SECRET_VARIABLE, key_set, make_key, public_pem, read_key, read_secret
from surgeline.fixtures.pace import parse_rate
from surgeline.fixtures.users import DEFAULT_ID_PATTERN, User, make_users, read_users, table_users
from surgeline.fixtures.write import Written, write_array, write_bytes
from surgeline.report.format import data_size
from surgeline.script.executors import positive_duration

if TYPE_CHECKING:
    from surgeline.fixtures.collecting import Collected
    from surgeline.fixtures.oauth import Refusal
    from surgeline.fixtures.tokens import Sign

T = TypeVar("T")

_FOLDER = Path("fixtures")
_FILE = click.Path(path_type=Path)
_MOST = 10_000_000
_EXAMPLES = 3
_MOCK_OPTIONS = (
    "algorithm", "key", "issuer", "audience", "claim", "issued_at", "expires", "jwks_out", "public_key_out",
)  # fmt: skip
"""What there is to say of tokens that are signed here."""
_REAL_OPTIONS = ("grant", "username_field", "password_field", "scope", "concurrency", "rate", "timeout")
"""What there is to say of tokens of a server."""


@click.group(short_help="Make users, tokens and catalogues for scripts to draw from.")
def command() -> None:
    """Make the files that scripts draw from: users, their tokens, a catalogue.

    The same command writes the same bytes, anywhere. Each file is a JSON array with one element a line.
    """


def _out_option(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--out", type=_FILE, default=_FOLDER / default, show_default=True, metavar="FILE", help="Write this file."
    )


_seed_option = click.option(
    "--seed", type=int, default=1, show_default=True, metavar="N", help="Other numbers, other data."
)


@command.command("users", short_help="Make users.")
@_out_option("users.json")
@_seed_option
@click.option(
    "--count",
    type=click.IntRange(1, _MOST),
    metavar="N",
    help="How many: 10,000, or all rows of --table, unless given.",
)
@click.option("--id-pattern", default=DEFAULT_ID_PATTERN, show_default=True, metavar="PATTERN", help="Of their ids.")
@click.option("--namespace", metavar="NAME", help="Give each user this namespace.")
@click.option("--table", metavar="FILE:NAME", help="Take the rows of a table that FILE declares for `surgeline seed`.")
@run_options(("env",))
def users(
    out: Path,
    seed: int,
    count: int | None,
    id_pattern: str,
    namespace: str | None,
    table: str | None,
    env: tuple[str, ...],
) -> ExitCode:
    """Write users with id, username and email; or the rows of a declared table, so that database and file agree."""
    if table is None:
        _refuse(("env",), "there is no --table")
        made = make_users(10_000 if count is None else count, seed, id_pattern, namespace)
    else:
        _refuse(("seed", "id_pattern", "namespace"), "the table says it")
        file, _, name = table.rpartition(":")
        if not file or not name:
            raise OptionError(f"--table: expected FILE:NAME, found {table!r}")
        made = table_users(load_declared(Path(file), {"env": env}), name, count)
    written = write_array(out, made)
    _tell(written, f"{written.elements:,} users")
    return ExitCode.PASSED


@command.command("catalogue", short_help="Make challenges with goals.")
@_out_option("challenges.json")
@_seed_option
@click.option(
    "--challenges",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    metavar="N",
    help="How many challenges.",
)
@click.option(
    "--goals", type=click.IntRange(1, 10_000), default=50, show_default=True, metavar="N", help="Goals of each."
)
def catalogue(out: Path, seed: int, challenges: int, goals: int) -> ExitCode:
    """Write challenges, each with goals: what to reach, what for, and which goals come before."""
    written = write_array(out, make_catalogue(challenges, goals, seed))
    _tell(written, f"{challenges:,} challenges of {goals:,} goals")
    return ExitCode.PASSED


@command.command("key", short_help="Make a private key for tokens.")
@_out_option("key.pem")
def key_command(out: Path) -> ExitCode:
    """Write a new private RSA key, for `tokens --algorithm RS256`. A file that is there is left alone."""
    if out.exists():
        raise OptionError(f"--out: expected a new file, found that {out} is there: services may trust that key")
    written = write_bytes(out, make_key(), private=True)
    _tell(written, "a private key", " It is for tests alone: keep it out of version control.")
    return ExitCode.PASSED


@command.command("tokens", short_help="Make or fetch a token for each user.")
@_out_option("tokens.json")
@click.option(
    "--users",
    "users_file",
    type=_FILE,
    default=_FOLDER / "users.json",
    show_default=True,
    metavar="FILE",
    help="For the users in this file.",
)
@click.option("--id-field", default="id", show_default=True, metavar="NAME", help="Their field with the id.")
@click.option(
    "--algorithm",
    type=click.Choice(["HS256", "RS256"]),
    default="HS256",
    show_default=True,
    help="Sign with SURGELINE_JWT_SECRET, or with --key.",
)
@click.option("--key", type=_FILE, metavar="FILE", help="The private key for RS256, as PEM.")
@click.option("--issuer", metavar="TEXT", help="Claim iss.")
@click.option("--audience", multiple=True, metavar="TEXT", help="Claim aud; may be given again.")
@click.option(
    "--claim",
    multiple=True,
    metavar="NAME=VALUE",
    help="A claim of your own, as JSON or text; {email} stands for that field of the user. May be given again.",
)
@click.option(
    "--issued-at", default="2025-01-01T00:00:00Z", show_default=True, metavar="TIME", help="Claim iat: a time, or now."
)
@click.option(
    "--expires",
    default="2035-01-01T00:00:00Z",
    show_default=True,
    metavar="TIME",
    help="Claim exp: a time, or a duration after --issued-at such as 12h.",
)
@click.option("--jwks-out", type=_FILE, metavar="FILE", help="Write the public key as a JSON Web Key Set.")
@click.option("--public-key-out", type=_FILE, metavar="FILE", help="Write the public key as PEM.")
@click.option(
    "--from",
    "url",
    metavar="URL",
    help="Fetch tokens from this OAuth 2 token endpoint, as OAUTH_CLIENT_ID with OAUTH_CLIENT_SECRET.",
)
@click.option(
    "--grant",
    type=click.Choice(["client_credentials", "password"]),
    default="client_credentials",
    show_default=True,
    help="Ask on behalf of the client, or of each user with a password.",
)
@click.option(
    "--username-field", default="username", show_default=True, metavar="NAME", help="Users' field with the log-in name."
)
@click.option(
    "--password-field", metavar="NAME", help="Users' field with the password; else OAUTH_PASSWORD is everybody's."
)
@click.option("--scope", metavar="TEXT", help="Ask for this scope.")
@click.option(
    "--concurrency", type=click.IntRange(1, 200), default=10, show_default=True, metavar="N", help="Requests at once."
)
@click.option("--rate", default="50/s", show_default=True, metavar="RATE", help="At most so many requests, /s or /m.")
@click.option("--timeout", default="10s", show_default=True, metavar="TIME", help="For each request.")
def tokens(out: Path, users_file: Path, id_field: str, url: str | None, **options: Any) -> ExitCode:
    """Write a token for each user: signed here for a service that is told whom to trust, or fetched --from a server.

    Secrets come from the environment alone: SURGELINE_JWT_SECRET; OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET, OAUTH_PASSWORD.
    """
    if url is None:
        _refuse(_REAL_OPTIONS, "that is for tokens --from a server")
        return _sign(out, read_users(users_file, id_field), id_field, **{name: options[name] for name in _MOCK_OPTIONS})
    _refuse(_MOCK_OPTIONS, "a server says what its tokens are")
    return _fetch(out, users_file, id_field, url, **{name: options[name] for name in _REAL_OPTIONS})


def _sign(
    out: Path,
    users: list[User],
    id_field: str,
    algorithm: str,
    key: Path | None,
    issuer: str | None,
    audience: tuple[str, ...],
    claim: tuple[str, ...],
    issued_at: str,
    expires: str,
    jwks_out: Path | None,
    public_key_out: Path | None,
) -> ExitCode:
    from surgeline.fixtures.tokens import sign_tokens  # noqa: PLC0415 - costs 30 ms

    now = time.time()
    validity = parse_validity(issued_at, expires, now)
    claims = claims_of(validity, issuer, audience, map(parse_claim, claim), id_field)
    if algorithm == "RS256":
        sign, threads = _rsa_signer(key, jwks_out, public_key_out), os.cpu_count() or 1
    else:
        _refuse(("key", "jwks_out", "public_key_out"), "that is for --algorithm RS256")
        sign, threads = _secret_signer(), 1
    with shown_count(out.name, len(users), "tokens") as advance:
        made = sign_tokens(users, claims, id_field, validity.until, sign, threads)
        written = write_array(out, _counted(made, advance))
    ended = " They have ended already: --issued-at now makes new ones." if validity.expires_at <= now else ""
    _tell(written, f"{written.elements:,} {algorithm} tokens, valid until {validity.until}", ended)
    return ExitCode.PASSED


def _secret_signer() -> "Sign":
    from surgeline.fixtures.tokens import LEAST_SECRET, signer_hs256  # noqa: PLC0415 - costs 30 ms

    secret = read_secret()
    if len(secret.encode()) < LEAST_SECRET:
        click.echo(
            f"{SECRET_VARIABLE} is shorter than the {LEAST_SECRET} bytes that HS256 asks for: fine for a test alone.",
            err=True,
        )
    return signer_hs256(secret)


def _rsa_signer(key_file: Path | None, jwks_out: Path | None, public_key_out: Path | None) -> "Sign":
    from surgeline.fixtures.tokens import signer_rs256  # noqa: PLC0415 - costs 30 ms

    if key_file is None:
        raise OptionError("--key: expected a file with a private key for RS256; `surgeline fixtures key` makes one")
    key = read_key(key_file)
    for path, content in ((jwks_out, key_set(key)), (public_key_out, public_pem(key))):
        if path is not None:
            _tell(write_bytes(path, content), "the public key")
    return signer_rs256(key)


def _fetch(
    out: Path,
    users_file: Path,
    id_field: str,
    url: str,
    grant: str,
    username_field: str,
    password_field: str | None,
    scope: str | None,
    concurrency: int,
    rate: str,
    timeout: str,
) -> ExitCode:
    from surgeline.fixtures.collecting import Politeness, collect_tokens  # noqa: PLC0415 - costs 30 ms
    from surgeline.fixtures.oauth import Grant, Question, parse_endpoint, read_credentials  # noqa: PLC0415 - costs 30 ms

    endpoint = parse_endpoint(url)
    question = Question(endpoint, Grant(grant), scope, id_field, username_field, password_field)
    if question.grant is Grant.CLIENT_CREDENTIALS:
        _refuse(("username_field", "password_field"), "that is for --grant password")
    politeness = Politeness(concurrency, parse_rate(rate), positive_duration(timeout, "--timeout") / 1e9)
    credentials = read_credentials(question, os.environ)
    users = read_users(users_file, id_field)
    if endpoint.in_the_clear:
        click.echo("--from is http://, so secrets travel as they are: take https:// for anything but a test.", err=True)
    with shown_count(out.name, len(users), "tokens") as advance:
        collected = collect_tokens(users, question, credentials, out, politeness, advance)
    return _tell_collected(collected, len(users))


def _tell_collected(collected: "Collected", wanted: int) -> ExitCode:
    if collected.written is not None:
        until = f", all valid until {collected.first_end}" if collected.first_end else ""
        _tell(collected.written, f"{wanted:,} tokens{until}")
        return ExitCode.PASSED
    interrupted = "Interrupted: " if collected.interrupted else ""
    lines = [f"{interrupted}{wanted - collected.tokens:,} of {wanted:,} tokens are missing."]
    lines += [f"  {_described(group)}" for group in collected.fetched.kinds()]
    if collected.fetched.ended_early is not None:
        lines.append("  The other users were not asked for: they would have met the same.")
    if collected.tokens:
        kept = f"{collected.tokens:,} are kept in {collected.partial}"
        lines.append(f"{kept}; the same command goes on with those that are missing.")
    click.echo("\n".join(lines), err=True)
    return ExitCode.STOPPED_BY_SIGNAL if collected.interrupted else ExitCode.THRESHOLDS_FAILED


def _described(group: "list[Refusal]") -> str:
    """Return how many users met the same, and who they were."""
    first = group[0]
    text = f"{len(group):,} x {first.kind}: {', '.join(one.user_id for one in group[:_EXAMPLES])}"
    text += ", ..." if len(group) > _EXAMPLES else ""
    text += f" ({first.detail})" if first.detail else ""
    return text if first.retry_after is None else f"{text}; Retry-After {first.retry_after:.0f} s"


def _tell(written: Written, what: str, remark: str = "") -> None:
    click.echo(f"Wrote {written.path}: {what}, {data_size(written.size)}.{remark}", err=True)


def _refuse(names: Iterable[str], reason: str) -> None:
    """Raise OptionError for an option that was given and has no meaning beside the others."""
    context = click.get_current_context()
    flags = {option.name: option.opts[-1] for option in context.command.params}
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise OptionError(f"{flags[name]}: expected none here, found one: {reason}")


def _counted(elements: Iterable[T], advance: Callable[[int], None]) -> Iterator[T]:
    for element in elements:
        yield element
        advance(1)
