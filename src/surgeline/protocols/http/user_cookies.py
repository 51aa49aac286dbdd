"""The cookies of one virtual user: what is kept between its requests, and what goes with one of them.

An iteration is a visitor of its own, as in k6: the cookies are forgotten when it begins, unless they are to be kept.
"""

from collections.abc import Callable, Mapping

from surgeline._native.iteration import UserState
from surgeline.protocols.http.cookies import Cookie, CookieJar, cookie_pairs
from surgeline.protocols.http.request import Request
from surgeline.protocols.http.response import Response

CookieLine = Callable[[Request], bytes | None]
"""Returns the Cookie field, as a line, that goes with a request."""


class UserCookies:
    """A jar and when it is emptied. `on_put` is called when something is put into it, by whoever holds it."""

    def __init__(self, user: UserState, *, keep: bool, on_put: Callable[[], None]) -> None:
        self.jar: CookieJar = _WatchedJar(self._before_put)
        self._on_put = on_put
        self._user = user
        self._keep = keep
        self._iteration = user.iteration

    def forget_old(self) -> bool:
        """Empty the jar where a new iteration has begun; return whether it is empty."""
        if self._iteration != self._user.iteration:
            self._iteration = self._user.iteration
            if not self._keep:
                self.jar.clear()
        return not self.jar

    def _before_put(self) -> None:
        self.forget_old()
        self._on_put()

    def take(self, request: Request, response: Response) -> None:
        """Keep what a response sets."""
        target = request.target
        for value in response.headers.get_all("set-cookie"):
            self.jar.store(target.scheme, target.host, target.path, value)

    def line(self, request: Request) -> bytes | None:
        """Return the Cookie field of a request; None without cookies, and where the script sets that field itself."""
        if request.value_of("cookie") is not None:
            return None
        target = request.target
        return _line(self.jar.header(target.scheme, target.host, target.path))

    def line_with(self, own: Mapping[str, str]) -> CookieLine:
        """Return the same for a call that brings cookies of its own, which go before the user's.

        They are for where the call goes first, and do not follow a redirect to another origin. Raises ValueError or
        TypeError for what no Cookie field can hold.
        """
        if not isinstance(own, Mapping):
            raise TypeError(f"cookies: expected a mapping of names to texts, found {own!r}")
        cookie_pairs(own)
        origins: list[tuple[str, str, int]] = []

        def line(request: Request) -> bytes | None:
            target = request.target
            origins.append((target.scheme, target.host, target.port))
            if origins[-1] != origins[0] or request.value_of("cookie") is not None:
                return self.line(request)
            return _line(cookie_pairs(self.jar.for_url(target.scheme, target.host, target.path) | dict(own)))

        return line


class _WatchedJar(CookieJar):
    """A jar that says so before a cookie is put into it."""

    __slots__ = ("_before_put",)

    def __init__(self, before_put: Callable[[], None]) -> None:
        super().__init__()
        self._before_put = before_put

    def _put(self, cookie: Cookie) -> None:
        self._before_put()
        super()._put(cookie)


def _line(value: str) -> bytes | None:
    return f"Cookie: {value}\r\n".encode("latin-1") if value else None
