"""The cookies of one virtual user: which a response sets, and which a request takes along.

RFC 6265 section 5, and of its revision (draft-ietf-httpbis-rfc6265bis) what browsers agree on: name prefixes, Secure
cookies that http can neither set nor replace, control characters refused, limits of size. Pure but for the clock that
it is given; knows nothing of connections and responses.
"""

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

MOST_PAIR_BYTES = 4096
"""Of a name and a value together; a larger cookie is refused."""
MOST_ATTRIBUTE_BYTES = 1024
"""Of an attribute's value; a larger attribute is ignored."""
MOST_PER_DOMAIN = 50
MOST_COOKIES = 1000
_MOST_CHOICES = 100
_LONGEST_AGE = 10**10

_SPACES = " \t"
_NOT_IN_A_FIELD = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_NAME = re.compile(r"[\x21-\x7e\x80-\xff]+")
_VALUE = re.compile(r"(?:[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
_PATH = re.compile(r"/[!-:<-~]*")
_HOST = re.compile(r"[a-z0-9_:-]+(?:\.[a-z0-9_-]+)*")
_MAX_AGE = re.compile(r"-?[0-9]+")

_DATE_DELIMITERS = re.compile(r"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY = re.compile(r"([0-9]{1,2})(?![0-9])")
_YEAR = re.compile(r"([0-9]{2,4})(?![0-9])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie that is kept."""

    name: str
    value: str
    domain: str
    path: str = "/"
    host_only: bool = False
    """Whether it goes to `domain` alone, not to the names below it."""
    secure: bool = False
    """Whether it goes over https alone."""
    http_only: bool = False
    expires: float = math.inf
    """Seconds since the epoch; infinity for one that lasts as long as the jar."""


class CookieJar(Mapping[str, str]):
    """The cookies of one virtual user; as a mapping, value by name.

    Several cookies may have one name: the mapping gives the one of the longest path, then of the longest domain.

    There is no list of public suffixes here: a Domain attribute of one label (`com`) is refused unless the host itself
    is called so (`localhost`), but one such as `co.uk` is taken. SameSite is ignored: a script has no other site.
    `now` gives seconds since the epoch.
    """

    __slots__ = ("_choices", "_cookies", "_next_expiry", "_now")

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._cookies: dict[tuple[str, str, str], Cookie] = {}  # oldest first: what replaces one takes its place
        self._next_expiry = math.inf
        self._choices: dict[tuple[str, str], _Choice] = {}

    def store(self, scheme: str, host: str, path: str, field_value: str) -> None:
        """Take one Set-Cookie value of a response; one that is malformed or not allowed to that host is ignored.

        `path` is the request's, with or without its query.
        """
        self._drop_expired()
        cookie = _read(field_value, scheme, host.lower(), path, self._now())
        if cookie is not None and (scheme == "https" or not self._hides_secure(cookie)):
            self._put(cookie)

    def set(
        self, name: str, value: str, *, domain: str, path: str = "/", secure: bool = False, max_age: float | None = None
    ) -> None:
        """Keep a cookie for a domain and, unless it is an address or one label, all names below it.

        `max_age` is in seconds; 0 or less removes the cookie. Raises ValueError for what a Cookie field cannot hold.
        """
        _refuse_bad_pair(name, value)
        if not isinstance(path, str) or not _PATH.fullmatch(path):
            raise ValueError(f"path: expected one that begins with '/', without spaces and ';', found {path!r}")
        if max_age is not None and not (isinstance(max_age, int | float) and max_age > -math.inf):
            raise ValueError(f"max_age: expected seconds or None, found {max_age!r}")
        host = _host(domain)
        expires = math.inf if max_age is None else self._now() + min(max_age, _LONGEST_AGE)
        self._drop_expired()
        self._put(Cookie(name, value, host, path, _stands_alone(host), bool(secure), expires=expires))

    def header(self, scheme: str, host: str, path: str) -> str:
        """Return the value of a request's Cookie field, "" for none. `path` may hold the query."""
        self._drop_expired()
        if not self._cookies:
            return ""
        choice = self._choose(scheme, host)
        if choice.field is not None:
            return choice.field
        return _join(choice.at(path))

    def for_url(self, scheme: str, host: str, path: str) -> dict[str, str]:
        """Return what a request would take along, value by name."""
        self._drop_expired()
        found: dict[str, str] = {}
        for cookie in self._choose(scheme, host).at(path):
            found.setdefault(cookie.name, cookie.value)
        return found

    def get_all(self, name: str) -> list[Cookie]:
        """Return every cookie of a name, the most specific first."""
        self._drop_expired()
        found = [cookie for cookie in self._cookies.values() if cookie.name == name]
        return sorted(found, key=lambda cookie: (-len(cookie.path), -len(cookie.domain)))

    def delete(self, name: str) -> None:
        """Forget every cookie of a name, if there is one."""
        self._keep(cookie for cookie in self._cookies.values() if cookie.name != name)

    def clear(self) -> None:
        """Forget all."""
        self._keep(())

    def __getitem__(self, name: str) -> str:
        for cookie in self.get_all(name):
            return cookie.value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        self._drop_expired()
        return iter(dict.fromkeys(cookie.name for cookie in self._cookies.values()))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        self._drop_expired()
        return bool(self._cookies)

    def _put(self, cookie: Cookie) -> None:
        key = (cookie.domain, cookie.path, cookie.name)
        old = self._cookies.get(key)
        if cookie.expires <= self._now():
            if old is not None:
                del self._cookies[key]
                self._choices.clear()
            return
        self._cookies[key] = cookie
        self._next_expiry = min(self._next_expiry, cookie.expires)
        if old is None:
            self._evict(cookie.domain)
        if old is None or (old.value, old.host_only, old.secure) != (cookie.value, cookie.host_only, cookie.secure):
            self._choices.clear()

    def _evict(self, domain: str) -> None:
        """Make the oldest give way where there are too many."""
        if len(self._cookies) > MOST_PER_DOMAIN:
            keys = [key for key in self._cookies if key[0] == domain]
            if len(keys) > MOST_PER_DOMAIN:
                del self._cookies[keys[0]]
        if len(self._cookies) > MOST_COOKIES:
            del self._cookies[next(iter(self._cookies))]

    def _hides_secure(self, cookie: Cookie) -> bool:
        """Whether it would replace or come before a Secure cookie (6265bis: "leave secure cookies alone")."""
        return any(
            kept.secure
            and kept.name == cookie.name
            and (domain_matches(kept.domain, cookie.domain) or domain_matches(cookie.domain, kept.domain))
            and path_matches(cookie.path, kept.path)
            for kept in self._cookies.values()
        )

    def _drop_expired(self) -> None:
        now = self._now()
        if now >= self._next_expiry:
            self._keep(cookie for cookie in self._cookies.values() if cookie.expires > now)

    def _keep(self, cookies: Iterable[Cookie]) -> None:
        self._cookies = {(cookie.domain, cookie.path, cookie.name): cookie for cookie in cookies}
        self._next_expiry = min((cookie.expires for cookie in self._cookies.values()), default=math.inf)
        self._choices.clear()

    def _choose(self, scheme: str, host: str) -> "_Choice":
        """Return what is for an origin; worked out again only after a change."""
        choice = self._choices.get((scheme, host))
        if choice is None:
            if len(self._choices) >= _MOST_CHOICES:
                self._choices.clear()
            choice = self._choices[scheme, host] = _Choice.of(self._cookies.values(), scheme, host.lower())
        return choice


@dataclass(frozen=True, slots=True)
class _Choice:
    """The cookies for one scheme and host, in the order of RFC 6265 5.4: the longest path first, then the oldest."""

    cookies: list[Cookie]
    field: str | None
    """The Cookie field when it is the same for every path."""

    @classmethod
    def of(cls, cookies: Iterable[Cookie], scheme: str, host: str) -> "_Choice":
        found = [cookie for cookie in cookies if _is_for(cookie, scheme, host)]
        found.sort(key=lambda cookie: -len(cookie.path))
        return cls(found, _join(found) if all(cookie.path == "/" for cookie in found) else None)

    def at(self, path: str) -> list[Cookie]:
        path = path.partition("?")[0]
        return [cookie for cookie in self.cookies if cookie.path == "/" or path_matches(path, cookie.path)]


def _is_for(cookie: Cookie, scheme: str, host: str) -> bool:
    if cookie.secure and scheme != "https":
        return False
    return cookie.domain == host if cookie.host_only else domain_matches(host, cookie.domain)


def _join(cookies: Iterable[Cookie]) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)


def cookie_pairs(cookies: Mapping[str, str]) -> str:
    """Return names and values as the value of a Cookie field. Raises ValueError for what it cannot hold."""
    for name, value in cookies.items():
        _refuse_bad_pair(name, value)
    return "; ".join(map("=".join, cookies.items()))


def _refuse_bad_pair(name: str, value: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or any(character in ";,=" for character in name):
        raise ValueError(f"cookies: expected a name of Latin-1 text without spaces, ';', ',' and '=', found {name!r}")
    if not isinstance(value, str) or not _VALUE.fullmatch(value) or ";" in value:
        raise ValueError(
            f"cookies: expected Latin-1 text without ';', control characters and spaces around it for {name!r}, "
            f"found {value!r}; encode what has them, such as by urllib.parse.quote"
        )
    if len(name) + len(value) > MOST_PAIR_BYTES:
        raise ValueError(
            f"cookies: expected a name and a value of up to {MOST_PAIR_BYTES} bytes together, "
            f"found {len(name) + len(value)} for {name!r}"
        )


def _host(domain: str) -> str:
    host = domain.lower().removeprefix(".") if isinstance(domain, str) else ""
    if not _HOST.fullmatch(host):
        raise ValueError(f"domain: expected a host name such as 'example.com', found {domain!r}")
    return host


@dataclass(slots=True)
class _Attributes:
    """What a Set-Cookie value says beside name and value; of an attribute that comes twice the last counts."""

    domain: str = ""
    path: str = ""
    max_age: int | None = None
    expires: float | None = None
    secure: bool = False
    http_only: bool = False

    def add(self, name: str, value: str) -> None:
        match name:
            case "domain":
                self.domain = value.lower().removeprefix(".")
            case "path":
                self.path = value if value.startswith("/") else ""
            case "max-age" if _MAX_AGE.fullmatch(value):
                self.max_age = int(value)
            case "expires":
                moment = parse_cookie_date(value)
                self.expires = self.expires if moment is None else moment
            case "secure":
                self.secure = True
            case "httponly":
                self.http_only = True

    def expiry(self, now: float) -> float:
        if self.max_age is not None:
            return now + min(self.max_age, _LONGEST_AGE) if self.max_age > 0 else -math.inf
        return math.inf if self.expires is None else self.expires


def _read(field_value: str, scheme: str, host: str, path: str, now: float) -> Cookie | None:
    """Return the cookie of a Set-Cookie value, None for one to ignore: as in RFC 6265, one without a name too."""
    if _NOT_IN_A_FIELD.search(field_value):
        return None
    pair, _, rest = field_value.partition(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(_SPACES), value.strip(_SPACES)
    if not equals or not name or len(name) + len(value) > MOST_PAIR_BYTES:
        return None
    attributes = _read_attributes(rest)
    domain = attributes.domain or host
    if not _may_set(host, domain) or (attributes.secure and scheme != "https") or not _keeps_prefix(name, attributes):
        return None
    return Cookie(
        name,
        value,
        domain,
        attributes.path or default_path(path),
        not attributes.domain or _stands_alone(domain),
        attributes.secure,
        attributes.http_only,
        attributes.expiry(now),
    )


def _read_attributes(text: str) -> _Attributes:
    attributes = _Attributes()
    for part in text.split(";"):
        name, _, value = part.partition("=")
        value = value.strip(_SPACES)
        if len(value) <= MOST_ATTRIBUTE_BYTES:
            attributes.add(name.strip(_SPACES).lower(), value)
    return attributes


def _may_set(host: str, domain: str) -> bool:
    return host == domain or (not _stands_alone(domain) and domain_matches(host, domain))


def _keeps_prefix(name: str, attributes: _Attributes) -> bool:
    """Whether a name's prefix is true, 6265bis 4.1.3; read in any case, as browsers do."""
    name = name.lower()
    if name.startswith("__host-"):
        return attributes.secure and attributes.path == "/" and not attributes.domain
    return attributes.secure or not name.startswith("__secure-")


def _is_address(host: str) -> bool:
    """Whether it is an IPv4 address, or an IPv6 one that ends in one: no host name ends in a label of digits."""
    return host.rpartition(".")[2].isdigit()


def _stands_alone(domain: str) -> bool:
    """Whether the names below a domain, if any, are not its own: an address, or a single label such as `com`."""
    return "." not in domain.strip(".") or _is_address(domain)


def domain_matches(host: str, domain: str) -> bool:
    """Whether a host is a domain or below it. RFC 6265 5.1.3, for names in small letters."""
    return host == domain or (host.endswith("." + domain) and not _is_address(host))


def path_matches(path: str, cookie_path: str) -> bool:
    """Whether a request's path is a cookie's or below it. RFC 6265 5.1.4."""
    if not path.startswith(cookie_path):
        return False
    return len(path) == len(cookie_path) or cookie_path.endswith("/") or path[len(cookie_path)] == "/"


def default_path(path: str) -> str:
    """Return the path of a cookie that names none: the directory of the request's. RFC 6265 5.1.4."""
    path = path.partition("?")[0]
    directory = path.rpartition("/")[0] if path.startswith("/") else ""
    return directory or "/"


def parse_cookie_date(text: str) -> float | None:
    """Return the seconds since the epoch of a date in any of the forms servers write, None for none. RFC 6265 5.1.1."""
    clock = day = year = month = None
    for token in _DATE_DELIMITERS.split(text):
        if clock is None and (found := _TIME.match(token)):
            clock = [int(number) for number in found.groups()]
        elif day is None and (found := _DAY.match(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(token)):
            year = int(found[1])
    if clock is None or day is None or month is None or year is None:
        return None
    return _moment(_in_full(year), month, day, *clock)


def _in_full(year: int) -> int:
    """Two digits are of 1970 to 2069."""
    if year < 100:
        return year + (1900 if year >= 70 else 2000)
    return year


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int) -> float | None:
    if year < 1601 or hour > 23 or minute > 59 or second > 59:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:  # no such day
        return None
    return float(days * 86400 + hour * 3600 + minute * 60 + second)
