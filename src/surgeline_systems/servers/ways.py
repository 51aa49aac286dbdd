"""What the ways to a server have in common: the first that works is taken, and what does not work is told.

It must not know which kinds of servers there are, nor how they are asked or started.
"""

import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from urllib.parse import quote, urlsplit

from surgeline_systems.servers.launch import NoServerError, ServerError


@dataclass(frozen=True)
class Server:
    """A server that is ready for use: its URL, and where it is, in words without secrets. `private` ends with us."""

    url: str
    origin: str
    private: bool = False


Found = TypeVar("Found", bound=Server)
Programs = TypeVar("Programs")


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[Found]):
    """A kind of server: its name, where its URL may be given, and how it is asked.

    `place(url)` is where the server is, without secrets; it raises ValueError for what is no such URL. `version(url)`
    asks the server what it is; it raises one of `errors` when there is none that lets us in. `shared` are variables in
    which servers of other kinds may be given, too: the schemes of their URLs.
    """

    found: type[Found]
    name: str
    url_variables: Sequence[str]
    url_form: str
    what_to_do: str
    errors: tuple[type[Exception], ...]
    place: Callable[[str], str]
    version: Callable[[str], str]
    shared: Mapping[str, Collection[str]] = field(default_factory=dict)

    def given(self, environment: Mapping[str, str] | None = None) -> Found | None:
        """The server of the first of our variables that is set, in the process's environment where none is given.

        None when none is set. Raises: ServerError when it does not work.
        """
        environment = os.environ if environment is None else environment
        urls = [(variable, environment.get(variable, "")) for variable in self.url_variables]
        return next((self._given_by(name, url) for name, url in urls if self._is_ours(name, url)), None)

    def running(self, urls: Iterable[str]) -> Found | None:
        """The first of these servers that lets us in; None when none does."""
        for url in urls:
            with suppress(*self.errors):
                return self._found(url, "running at")
        return None

    def private(self, url: str, programs: object) -> Found:
        """A server that was started from these programs."""
        return replace(self._found(url, "of our own at", f", from {programs}"), private=True)

    def started(
        self,
        stack: ExitStack,
        candidates: Iterable[Programs | None],
        start: Callable[[Programs], AbstractContextManager[Found]],
    ) -> Found:
        """Start the first that can be started, for as long as the stack is open; report and pass over the others.

        Raises: NoServerError when there is none.
        """
        failures = []
        for programs in candidates:
            if programs is None:
                continue
            try:
                return stack.enter_context(start(programs))
            except ServerError as error:
                failures.append(str(error))
                print(f"cannot use the {self.name} in {programs}: {error}", file=sys.stderr)  # noqa: T201
        found = "\n".join(failures) or "no URL, no running server, no binaries"
        raise NoServerError(f"expected a {self.name} server, found: {found}\n{self.what_to_do}")

    def with_database(
        self, server: Found, database: str, ensure: Callable[[str, str], None], by_its_administrator: str
    ) -> Found:
        """The same server, at a database of the given name, which `ensure(url, database)` makes if it is missing.

        Raises: ServerError with the statement that an administrator may carry out, when we may not.
        """
        try:
            ensure(server.url, database)
        except self.errors as error:
            raise ServerError(
                f"expected to find or make the database {database!r} on {server.origin}, found: {error}. "
                f"If you may not, have it made by its administrator: {by_its_administrator}"
            ) from error
        url = urlsplit(server.url)._replace(path=f"/{quote(database)}").geturl()
        return replace(server, url=url, origin=f"{server.origin}, database {database}")

    def answers(self, url: str) -> bool:
        """Does a server take connections there?"""
        try:
            self.version(url)
        except self.errors:
            return False
        return True

    def _is_ours(self, variable: str, url: str) -> bool:
        return bool(url) and url.partition(":")[0] not in self.shared.get(variable, ())

    def _given_by(self, name: str, url: str) -> Found:
        try:
            place = self.place(url)
            return self._found(url, "at", f", given by {name}")
        except ValueError:  # before the others: a driver's own may be among them. Their texts may hold the password
            raise ServerError(
                f"expected {self.url_form} in {name}, found something else. Correct or remove it."
            ) from None
        except self.errors as error:
            told = str(error).rstrip(".")
            raise ServerError(
                f"expected a {self.name} server at {place}, given by {name}, found: {told}. Correct or remove the URL."
            ) from error

    def _found(self, url: str, where: str, whence: str = "") -> Found:
        return self.found(url, f"{self.version(url)} {where} {self.place(url)}{whence}")
