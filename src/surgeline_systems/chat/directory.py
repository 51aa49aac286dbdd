"""Where a chat is: the ids of applications and chats by what clients call them. It must not know HTTP.

Ids never change, so they are looked up once; what is not there may be there later, and is looked up each time.
"""

from collections.abc import Hashable
from typing import TypeVar

from surgeline_systems.chat.store import Store

MOST_REMEMBERED = 100_000
Name = TypeVar("Name", bound=Hashable)


class Directory:
    """The ids of applications, by token, and of chats, by token and number."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._applications: dict[str, int] = {}
        self._chats: dict[tuple[str, str], int] = {}

    def remembered_application(self, token: str) -> int | None:
        """The id of an application, where that is known without asking anybody."""
        return self._applications.get(token)

    def remembered_chat(self, token: str, number: str) -> int | None:
        """The id of a chat, likewise."""
        return self._chats.get((token, number))

    async def application(self, token: str) -> int | None:
        """The id of an application; None where there is none. Raises: StoreError."""
        known = self.remembered_application(token)
        if known is not None:
            return known
        found = await self._store.application(token)
        return None if found is None else _remember(self._applications, token, found.id)

    async def chat(self, token: str, number: int) -> int | None:
        """The id of a chat; None where there is none. Raises: StoreError."""
        known = self.remembered_chat(token, str(number))
        if known is not None:
            return known
        application_id = await self.application(token)
        found = None if application_id is None else await self._store.chat(application_id, number)
        return None if found is None else _remember(self._chats, (token, str(number)), found.id)


def _remember(ids: dict[Name, int], name: Name, found: int) -> int:
    if len(ids) >= MOST_REMEMBERED:
        ids.clear()
    ids[name] = found
    return found
