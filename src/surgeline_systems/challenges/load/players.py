"""Users with their tokens, and what they ask over HTTP, with a check of each answer.

It must not know how often, nor what is told over gRPC meanwhile.
"""

import jwt

from surgeline import VU, check, env, pool
from surgeline.seeding import Table
from surgeline_systems.challenges.settings import MOCK_SECRET

CHALLENGES = "/challenge/v1/challenges"
TOKENS_END = 2_051_222_400  # 2035-01-01
LIMITS = {
    "http_req_failed": ["rate<0.01"],
    "http_req_duration": ["p(95)<2000"],
    "checks": ["rate>0.99"],
}


def base_url() -> str:
    """Where the service is."""
    return env("BASE_URL", "http://127.0.0.1:3000")


class Players:
    """The users that a table holds, and the goals that the seeds have begun for each of them."""

    def __init__(self, users: Table, goals: Table) -> None:
        self._goal_ids = pool.table(goals, "goal_id")
        file = env("TOKENS", "")
        self._tokens = pool.rows([one["token"] for one in pool.json(file)] if file else _tokens(users))

    async def visit(self, vu: VU) -> None:
        """Mostly to look, now and then to claim a reward, seldom to begin."""
        chance = vu.random.random()
        if chance < 0.85:
            await self.look(vu)
        elif chance < 0.95:
            await self.claim(vu)
        else:
            await self.begin(vu)

    async def look(self, vu: VU) -> None:
        """See all challenges."""
        response = await vu.http.get(CHALLENGES, headers=self._headers(vu), name="challenges")
        check(response, {"challenges: shown": response.status == 200})

    async def claim(self, vu: VU) -> None:
        """Claim the reward of a seeded goal; whether it is completed, or claimed already, is chance."""
        goal_id = self._goal_ids.random(vu)
        path = f"{CHALLENGES}/{goal_id.partition('-goal-')[0]}/goals/{goal_id}/claim"
        response = await vu.http.post(path, headers=self._headers(vu), name="claim", expect=(200, 409))
        check(response, {"claim: given, or refused with a reason": response.ok})

    async def begin(self, vu: VU) -> None:
        """Begin the goals that wait for no other."""
        response = await vu.http.post(f"{CHALLENGES}/initialize", headers=self._headers(vu), name="initialize")
        check(response, {"initialize: done": response.status == 200})

    def _headers(self, vu: VU) -> dict[str, str]:
        return bearer(self._tokens.random(vu))


def token_of(user_id: str) -> str:
    """A token as `surgeline fixtures tokens` makes them."""
    return jwt.encode({"sub": user_id, "exp": TOKENS_END}, MOCK_SECRET, "HS256")


def bearer(token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


def _tokens(users: Table) -> list[str]:
    return [token_of(user_id) for user_id in users.column("id").values(range(len(users)))]
