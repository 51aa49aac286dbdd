"""Who uses the service: seeded users, so many that no two virtual users need to be the same person, and new ones.

It must not know what they do.
"""

from dataclasses import dataclass
from random import Random
from uuid import uuid4

from surgeline import VU, SurgelineError, pool
from surgeline.seeding import Table
from surgeline_systems.conversations.seeds import PASSWORD

# What the service deletes on demand; see `DELETE /admin/cleanup-test-data`.
NEW_DOMAIN = "loadtest.example"


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody logs in with, and the church that they belong to."""

    email: str
    password: str
    church_id: str


class Accounts:
    """The users that a table holds; of one church alone, where its id is given. Raises: SurgelineError."""

    def __init__(self, users: Table, church_id: str = "") -> None:
        members = [member for member in pool.table(users, "email", "church_id") if church_id in {"", member[1]}]
        if not members:
            raise SurgelineError(
                f"CHURCH_ID: expected a church that is seeded, such as church-00001, found {church_id!r}"
            )
        # In the table, neighbours are of one church. The same order in every process.
        self._members = pool.rows(Random(1).sample(members, len(members)))

    def seeded(self, vu: VU) -> Account:
        """The next in turn: no limit for one user is met by somebody else's requests."""
        email, church_id = self._members.cycle(vu)
        return Account(email, PASSWORD, church_id)

    def new(self, vu: VU) -> Account:
        """Somebody who is not registered yet, for a church that is there."""
        _, church_id = self._members.random(vu)
        # Not by vu.random: a run with the same --seed would register the same people again.
        return Account(f"{uuid4().hex}@{NEW_DOMAIN}", PASSWORD, church_id)
