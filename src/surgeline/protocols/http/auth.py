"""How a request proves who sends it: Basic (RFC 7617), Bearer (RFC 6750) and Digest (RFC 7616, 2617 and 2069).

Makes the values of Authorization fields and reads WWW-Authenticate ones. Pure; sends nothing, and knows no client.
No password and no token is ever in a representation or in a message.
"""

import dataclasses
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_TOKEN = re.compile(r"[!-~]+")
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_FIELD = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_GAP = re.compile(r"[ \t,]*+")
_SCHEME = re.compile(rf"({_WORD})(?:[ \t]++[A-Za-z0-9._~+/-]++=*+(?=[ \t]*+(?:,|\Z)))?+")
_PARAMETER = re.compile(rf'({_WORD})[ \t]*+=[ \t]*+(?:"((?:[^"\\]|\\.)*+)"|([^ \t,"]*+)(?!"))')
_NEXT = re.compile(r"[^,]*+")

Origin = tuple[str, str, int]
"""Scheme, host and port."""


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """A user and a password that go with every request. Raises ValueError for what RFC 7617 cannot carry."""

    user: str
    password: str = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        _refuse_bad_credentials(self.user, self.password)
        if ":" in self.user:
            raise ValueError(f"user: expected text without ':', which ends it in Basic, found {self.user!r}")

    def field(self) -> str:
        """Return the value of the Authorization field; user and password in UTF-8."""
        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class BearerAuth:
    """A token that goes with every request. Raises ValueError for one that no header field can hold."""

    token: str = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.token, str) or not _TOKEN.fullmatch(self.token):
            # None is no secret: it is what a log-in that failed leaves behind.
            found = "None: did the log-in succeed?" if self.token is None else "something else"
            raise ValueError(f"token: expected ASCII text without spaces and control characters, found {found}")

    def field(self) -> str:
        """Return the value of the Authorization field."""
        return f"Bearer {self.token}"


@dataclass(frozen=True, slots=True)
class DigestAuth:
    """A user and a password that a server may ask proof of; the password itself is never sent."""

    user: str
    password: str = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        _refuse_bad_credentials(self.user, self.password)

    def answer(
        self,
        challenge_values: Sequence[str],
        method: str,
        uri: str,
        body: bytes | None,
        *,
        cnonce: Callable[[], str],
        count: int,
    ) -> str | None:
        """Return the Authorization value that answers WWW-Authenticate values, None when none of them can be answered.

        Of several challenges the one with the strongest hash is answered, of equal ones the first. `uri` is the
        request's target as sent, with its query; `count` how many requests have answered with this nonce, this one
        included; `cnonce` gives text that the server could not foresee.
        """
        challenge = _strongest(challenge_values)
        if challenge is None:
            return None
        return self._answer(challenge, method, uri, body, cnonce(), count)

    def _answer(
        self, challenge: "_Challenge", method: str, uri: str, body: bytes | None, cnonce: str, count: int
    ) -> str:
        proof = {"nc": f"{count:08x}", "cnonce": cnonce, "qop": challenge.qop} if challenge.qop else {}
        directives = {
            **self._name(challenge),
            "realm": challenge.realm,
            "uri": uri,
            "algorithm": challenge.algorithm,
            "nonce": challenge.nonce,
            **proof,
            "response": self._response(challenge, method, uri, body, proof),
            "opaque": challenge.opaque,
            "userhash": "true" if challenge.userhash else None,
        }
        return "Digest " + ", ".join(_directive(name, text) for name, text in directives.items() if text is not None)

    def _name(self, challenge: "_Challenge") -> dict[str, str]:
        """Return the directive that names the user, RFC 7616 3.4 and 3.4.4."""
        if challenge.userhash:
            return {"username": challenge.hash(self.user.encode(), _octets(challenge.realm))}
        if self.user.isascii():
            return {"username": self.user}
        return {"username*": "UTF-8''" + quote(self.user, safe="")}

    def _response(
        self, challenge: "_Challenge", method: str, uri: str, body: bytes | None, proof: Mapping[str, str]
    ) -> str:
        """Return the proof of the password, RFC 7616 3.4.1 to 3.4.3; of RFC 2069 when there is no `qop`."""
        nonce = _octets(challenge.nonce)
        secret = challenge.hash(self.user.encode(), _octets(challenge.realm), self.password.encode())
        if challenge.is_session:
            secret = challenge.hash(secret.encode(), nonce, _octets(proof["cnonce"]))
        asked = [method.encode(), _octets(uri)]
        if challenge.qop == "auth-int":
            asked.append(challenge.hash(body or b"").encode())
        return challenge.hash(
            secret.encode(), nonce, *(_octets(text) for text in proof.values()), challenge.hash(*asked).encode()
        )


Auth = BasicAuth | BearerAuth | DigestAuth


def as_auth(value: object) -> Auth:
    """Return what a script gave as `auth`; a tuple of user and password means Basic. Raises TypeError for another."""
    match value:
        case BasicAuth() | BearerAuth() | DigestAuth():
            return value
        case (str(user), str(password)) if isinstance(value, tuple):
            return BasicAuth(user, password)
    raise TypeError(
        "auth: expected ('user', 'password'), BasicAuth('user', 'password'), BearerAuth('token') or "
        f"DigestAuth('user', 'password'), found {type(value).__name__}"
    )


class DigestSession:
    """What one virtual user was asked last by each origin, so that later requests are answered before they are asked.

    One cnonce is kept for each nonce: then servers agree that compute the session key of an algorithm `-sess` once for
    a nonce, and those that compute it for each request.
    """

    def __init__(self, auth: DigestAuth, cnonce: Callable[[], str]) -> None:
        self._auth = auth
        self._cnonce = cnonce
        self._asked: dict[Origin, _Asked] = {}

    def challenged(self, origin: Origin, challenge_values: Sequence[str]) -> None:
        """Remember the WWW-Authenticate values of an origin's response; those that cannot be answered end the session.

        A nonce that is known already goes on with its count: two requests under way may be asked the same.
        """
        challenge = _strongest(challenge_values)
        known = self._asked.get(origin)
        if challenge is None:
            self._asked.pop(origin, None)
        elif known is None or known.challenge.nonce != challenge.nonce:
            self._asked[origin] = _Asked(challenge, self._cnonce())
        else:
            known.challenge = challenge

    def field_for(self, origin: Origin, method: str, uri: str, body: bytes | None) -> str | None:
        """Return the Authorization value for a request, None when the origin has asked nothing that can be answered."""
        asked = self._asked.get(origin)
        if asked is None:
            return None
        asked.count += 1
        return self._auth._answer(asked.challenge, method, uri, body, asked.cnonce, asked.count)


def is_answerable(challenge_values: Sequence[str]) -> bool:
    """Whether there is a challenge among WWW-Authenticate values that can be answered."""
    return _strongest(challenge_values) is not None


def is_stale(challenge_values: Sequence[str]) -> bool:
    """Whether a refused answer was right but for its nonce, which had grown old: worth one more answer."""
    challenge = _strongest(challenge_values)
    return challenge is not None and challenge.is_stale


@dataclass(slots=True)
class _Asked:
    challenge: "_Challenge"
    cnonce: str
    count: int = 0


_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
"""hashlib's name of each algorithm, the weakest first."""
_STRENGTHS = list(_HASHES)
_QOPS = ("auth", "auth-int")
"""The qualities of protection, the preferred first."""


@dataclass(frozen=True, slots=True)
class _Challenge:
    """A Digest challenge that can be answered."""

    realm: str
    nonce: str
    algorithm: str | None
    """As the server wrote it."""
    family: str
    """The algorithm without `-sess`, as `_HASHES` has it."""
    is_session: bool
    qop: str | None
    opaque: str | None
    userhash: bool
    is_stale: bool

    def hash(self, *parts: bytes) -> str:
        """Return the hash, in hexadecimal, of the parts joined by colons."""
        return _hash(_HASHES[self.family], b":".join(parts))


def _hash(name: str, content: bytes) -> str:
    """Return a hash in hexadecimal. Raises ValueError when this Python does not have it."""
    import hashlib  # noqa: PLC0415 - slow to import, and few scripts need it

    return hashlib.new(name, content, usedforsecurity=False).hexdigest()


def _strongest(challenge_values: Sequence[str]) -> _Challenge | None:
    found = [
        challenge
        for value in challenge_values
        for scheme, parameters in _challenges(value)
        if scheme == "digest" and (challenge := _answerable(parameters)) is not None
    ]
    return max(found, key=lambda challenge: _STRENGTHS.index(challenge.family), default=None)


def _answerable(parameters: Mapping[str, str]) -> _Challenge | None:
    family = parameters.get("algorithm", "MD5").upper()
    is_session = family.endswith("-SESS")
    family = family.removesuffix("-SESS")
    offered = [word for word in re.split(r"[ \t,]+", parameters.get("qop", "").lower()) if word]
    qop = next((word for word in _QOPS if word in offered), None)
    if "realm" not in parameters or "nonce" not in parameters or not _has_hash(family):
        return None
    if qop is None and (offered or is_session):  # a session key is made with a cnonce, which goes with a qop alone
        return None
    return _Challenge(
        realm=parameters["realm"],
        nonce=parameters["nonce"],
        algorithm=parameters.get("algorithm"),
        family=family,
        is_session=is_session,
        qop=qop,
        opaque=parameters.get("opaque"),
        userhash=parameters.get("userhash", "").lower() == "true",
        is_stale=parameters.get("stale", "").lower() == "true",
    )


def _has_hash(family: str) -> bool:
    if family not in _HASHES:
        return False
    try:
        _hash(_HASHES[family], b"")
    except ValueError:  # this Python's OpenSSL was built without it
        return False
    return True


def _challenges(value: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield scheme and parameters, names in small letters, of each challenge in a field; what is malformed is left out.

    RFC 9110 11.6.1: a comma ends a parameter or a challenge, and only what follows tells which.
    """
    if not _FIELD.fullmatch(value):
        return
    challenge: tuple[str, dict[str, str]] | None = None
    position = _after(_GAP, value, 0)
    while position < len(value):
        if found := _PARAMETER.match(value, position):
            if challenge is not None:
                challenge[1].setdefault(found[1].lower(), _unescape(found))
        elif found := _SCHEME.match(value, position):
            if challenge is not None:
                yield challenge
            challenge = found[1].lower(), {}
        position = _after(_GAP, value, found.end() if found else _after(_NEXT, value, position))
    if challenge is not None:
        yield challenge


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    assert found is not None  # such a pattern matches the empty text too
    return found.end()


def _unescape(parameter: re.Match[str]) -> str:
    quoted = parameter[2]
    return str(parameter[3]) if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


_UNQUOTED = frozenset({"algorithm", "nc", "qop", "userhash", "username*"})


def _directive(name: str, text: str) -> str:
    if name in _UNQUOTED:
        return f"{name}={text}"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


def _octets(text: str) -> bytes:
    """Return what a field says as it came over the wire."""
    return text.encode("latin-1")


def _refuse_bad_credentials(user: str, password: str) -> None:
    if not isinstance(user, str) or _CONTROLS.search(user):
        raise ValueError(f"user: expected text without control characters, found {user!r}")
    if not isinstance(password, str) or _CONTROLS.search(password):
        raise ValueError("password: expected text without control characters, found something else")
