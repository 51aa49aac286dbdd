"""What users see and claim over HTTP, who may, and what those see who watch the service."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from challenges_support import SMALL, Game, Player, Serving, claim_path, play, serving, token, user
from conversations_support import Client
from messages_client import wait_until

from conftest import query
from surgeline_systems.application.server import running_service
from surgeline_systems.challenges.access import Tokens
from surgeline_systems.challenges.app import CHALLENGES
from surgeline_systems.challenges.system import SYSTEM as CHALLENGES_SYSTEM
from surgeline_systems.servers.launch import ServerError, free_port

SYSTEM, SIZES = "challenges", SMALL
SOON = {"FLUSH_MS": 1}
# The tests share the seeded users: each has some of its own. These come after them all.
new_users = iter(range(1_000, 2_000))


@pytest.fixture(scope="module")
def service(seeded_database: str) -> Iterator[Serving]:
    with serving(seeded_database, **SOON) as found:
        yield found


@pytest.fixture(scope="module")
def players(service: Serving) -> Iterator["Players"]:
    with ExitStack() as stack:
        yield Players(service, stack)


class Players:
    """Those who play, each over a connection of their own."""

    def __init__(self, service: Serving, connections: ExitStack) -> None:
        self._service = service
        self._connections = connections

    def player(self, number: int) -> Player:
        return self._connections.enter_context(Player(self._service.base_url, number))

    def new(self) -> Player:
        return self.player(next(new_users))


def test_all_challenges_are_shown_with_a_users_progress(players: Players):
    found = players.player(1).get(CHALLENGES)["challenges"]
    assert [len(challenge["goals"]) for challenge in found] == [50] * 10
    statuses = [goal["status"] for challenge in found for goal in challenge["goals"]]
    assert {status: statuses.count(status) for status in set(statuses)} == {
        "not_started": 490,
        "in_progress": 5,
        "completed": 5,
    }


def test_whoever_has_begun_nothing_sees_that(players: Players):
    assert {goal["status"] for goal in players.new().goals().values()} == {"not_started"}


def test_beginning_begins_what_waits_for_nothing_once(players: Players):
    player = players.new()
    answers = [player.request("POST", f"{CHALLENGES}/initialize").body for _ in range(2)]
    assert answers == [{"assigned": 344}, {"assigned": 0}]
    begun = [goal for goal in player.goals().values() if goal["status"] == "in_progress"]
    assert len(begun) == 344
    assert not any(goal["prerequisites"] or goal["progress"] for goal in begun)


def test_a_reward_is_claimed_once(players: Players):
    player = players.player(2)
    goal_id, *others = player.with_status("completed")
    reward = player.goals()[goal_id]["reward"]
    assert player.claim(goal_id) == (200, {"goalId": goal_id, "status": "claimed", "reward": reward})
    assert player.claim(goal_id) == (409, refused("ALREADY_CLAIMED", goal_id))
    assert player.with_status("claimed") == [goal_id]
    assert player.with_status("completed") == others


def refused(code: str, goal_id: str) -> dict[str, str]:
    return {"code": code, "error": f"the reward of {goal_id} cannot be claimed now"}


def test_of_many_claims_at_once_one_succeeds(players: Players, service: Serving):
    goal_id, *_ = players.player(3).with_status("completed")

    def claim(_number: int) -> int:
        with Player(service.base_url, 3) as player:
            return player.claim(goal_id)[0]

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(claim, range(8))) == [200] + [409] * 7


def test_a_goal_that_is_not_completed_gives_nothing(players: Players):
    player = players.player(4)
    begun, *_ = player.with_status("in_progress")
    not_begun, *_ = player.with_status("not_started")
    for goal_id in (begun, not_begun):
        assert player.claim(goal_id) == (409, refused("GOAL_NOT_COMPLETED", goal_id))


def test_prerequisites_come_first(players: Players, seeded_database: str):
    player = players.new()
    goal = next(goal for goal in player.goals().values() if goal["prerequisites"])
    complete(seeded_database, player, goal["id"])
    assert player.claim(goal["id"]) == (409, refused("PREREQUISITES_NOT_COMPLETED", goal["id"]))
    for one in goal["prerequisites"]:
        complete(seeded_database, player, one)
    assert player.claim(goal["id"])[0] == 200


def complete(database: str, player: Player, goal_id: str) -> None:
    assert player.token is not None
    user_id = jwt.decode(player.token, options={"verify_signature": False})["sub"]
    query(
        database,
        "INSERT INTO user_goal_progress (user_id, goal_id, target, completed_at) VALUES ($1, $2, 1, now())",
        user_id,
        goal_id,
    )


@pytest.mark.parametrize("path", [claim_path("challenge-001-goal-051"), f"{CHALLENGES}/c/goals/g/claim"])
def test_there_is_no_such_goal(players: Players, path: str):
    assert players.new().request("POST", path).status == 404


def test_a_goal_of_another_challenge_is_none_of_this(players: Players):
    path = claim_path("challenge-001-goal-001").replace("challenge-001/", "challenge-002/")
    assert players.new().request("POST", path).status == 404


def test_events_get_to_be_seen(players: Players, service: Serving):
    player = players.player(2_000)

    async def scenario(game: Game) -> None:
        assert await game.reach(2_000, 7) == "OK"

    play(service.events, scenario)
    wait_until(lambda: bool(player.with_status("completed")))
    assert {player.goals()[goal_id]["progress"] for goal_id in player.with_status("completed")} == {7}


WRONG_TOKENS = {
    "none": None,
    "no token": "garbage",
    "another's": token(1, secret="another secret, as long as ours has to be"),
    "over": token(1, exp=1_000_000_000),
    "nobody's": token(1, sub="ann"),
}


SECURED = (("GET", CHALLENGES), ("POST", f"{CHALLENGES}/initialize"), ("POST", claim_path("a-goal-b")))


@pytest.mark.parametrize("name", WRONG_TOKENS)
def test_whoever_has_no_good_token_is_refused(service: Serving, name: str):
    with Client(service.base_url, WRONG_TOKENS[name]) as client:
        for method, path in (
            ("GET", CHALLENGES),
            ("POST", f"{CHALLENGES}/initialize"),
            ("POST", claim_path("a-goal-b")),
        ):
            answer = client.request(method, path)
            assert (answer.status, answer.body["code"]) == (401, "UNAUTHORIZED")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_that_runs_out_is_refused_from_then_on():
    tokens = Tokens("a secret, as long as these have to be", verifying=True)
    shown = token(1, "a secret, as long as these have to be", exp=4_000_000_000)
    assert str(tokens.user_of(shown, 3_999_999_999)) == user(1)
    with pytest.raises(ValueError, match="expired"):
        tokens.user_of(shown, 4_000_000_000)


def test_without_validation_any_token_will_do_and_none_will_not(seeded_database: str):
    with serving(seeded_database, PLUGIN_GRPC_SERVER_AUTH_ENABLED="false", EVENT_PORT=0) as service:
        for name, status in {"another's": 200, "over": 200, "none": 401, "no token": 401, "nobody's": 401}.items():
            with Client(service.base_url, WRONG_TOKENS[name]) as client:
                assert client.request("GET", CHALLENGES).status == status


class Rewards(ThreadingHTTPServer):
    """Stands for a reward service: remembers what it is asked, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RewardHandler)
        self.status = 200
        self.asked: list[tuple[str, str, Any]] = []


class RewardHandler(BaseHTTPRequestHandler):
    server: Rewards

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers["Idempotency-Key"], body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def rewards() -> Iterator[Rewards]:
    with Rewards() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_rewards_are_given_out_by_the_reward_service_and_again_after_it_failed(seeded_database: str):
    with rewards() as server:
        url = f"http://127.0.0.1:{server.server_port}/rewards"
        settings = {"REWARD_CLIENT_MODE": "http", "REWARD_URL": url, "EVENT_PORT": 0}
        with serving(seeded_database, **settings) as service, Player(service.base_url, 5) as player:
            goal_id, *_ = player.with_status("completed")
            reward = player.goals()[goal_id]["reward"]
            server.status = 500
            assert player.claim(goal_id)[1]["code"] == "REWARD_NOT_GIVEN"
            server.status = 201
            assert player.claim(goal_id)[0] == 200
            assert player.claim(goal_id)[0] == 409
    assert server.asked == [("/rewards", f"{user(5)}:{goal_id}", {"userId": user(5), "reward": reward})] * 2


def test_a_claim_whose_service_died_runs_out(players: Players, seeded_database: str):
    player = players.player(6)
    goal_id, *_ = player.with_status("completed")
    lease = "UPDATE user_goal_progress SET claiming_until = now() + $1 * '1 hour'::interval WHERE user_id = $2"
    query(seeded_database, lease, 1, user(6))
    assert player.claim(goal_id) == (409, refused("BEING_CLAIMED", goal_id))
    query(seeded_database, lease, -1, user(6))
    assert player.claim(goal_id)[0] == 200


def test_the_catalogue_is_configuration(seeded_database: str, tmp_path: Path):
    file = tmp_path / "challenges.json"
    goal = {
        "id": "one-goal-001",
        "name": "Win",
        "requirement": {"statCode": "won", "operator": ">=", "targetValue": 1},
        "reward": {"type": "ITEM", "id": "cup", "quantity": 1},
    }
    file.write_text(json.dumps([{"id": "one", "name": "One", "goals": [goal]}]))
    with serving(seeded_database, CHALLENGES_FILE=file, EVENT_PORT=0) as service, Player(service.base_url, 1) as player:
        assert list(player.goals()) == ["one-goal-001"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CHALLENGES_FILE": "/nowhere.json"}, "expected CHALLENGES_FILE to be a catalogue"),
        ({"REWARD_CLIENT_MODE": "http"}, "expected REWARD_URL=http://host:port/rewards"),
        ({"REWARD_CLIENT_MODE": "other"}, "expected REWARD_CLIENT_MODE to be mock or http, found 'other'"),
    ],
    ids=["catalogue", "reward URL", "reward client"],
)
def test_wrong_settings_are_told(seeded_database: str, settings: dict[str, str], said: str):
    expect_no_start(said, {"DATABASE_URL": seeded_database, **settings})


def expect_no_start(said: str, settings: dict[str, str]) -> None:
    given = {"EVENT_PORT": "0", "METRICS_PORT": "0", **settings}
    with pytest.raises(ServerError, match=said), running_service(CHALLENGES_SYSTEM.package, given):
        pass


@pytest.mark.parametrize("variable", ["EVENT_PORT", "METRICS_PORT", "EVENT_METRICS_PORT"])
def test_a_port_that_is_taken_is_told(seeded_database: str, variable: str):
    ports = {name: str(free_port()) for name in ("EVENT_PORT", "METRICS_PORT", "EVENT_METRICS_PORT")}
    with socket.create_server(("127.0.0.1", int(ports[variable]))):
        said = f"expected port {ports[variable]} to be free, found a server on it"
        expect_no_start(said, {"DATABASE_URL": seeded_database, **ports})


def test_the_service_is_healthy(players: Players):
    client = players.new()
    assert client.get("/challenge/healthz") == {"status": "healthy"}
    assert client.get("/api/health")["status"] == "healthy"


def asked(url: str) -> tuple[int, str]:
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_requests_are_counted_on_a_port_of_their_own(players: Players, service: Serving):
    players.player(7).get(CHALLENGES)
    status, text = asked(f"{service.metrics}/metrics")
    assert status == 200
    assert 'challenges_requests_total{operation="get_challenges",status="200"} ' in text
    assert "challenges_buffered_changes 0" in asked(f"{service.event_metrics}/metrics")[1]


def test_a_profile_says_where_the_time_went(service: Serving):
    status, text = asked(f"{service.metrics}/debug/pprof/profile?seconds=0.05")
    assert status == 200
    assert all(line.rpartition(" ")[2].isdecimal() for line in text.splitlines())
    assert ";selectors.select " in text


def test_a_profile_of_memory_says_which_lines_allocated(players: Players, service: Serving):
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(asked, f"{service.metrics}/debug/pprof/heap?seconds=0.3")
        while not found.done():
            players.player(8).get(CHALLENGES)
    status, text = found.result()
    assert status == 200
    assert "size=" in text


@pytest.mark.parametrize("path", ["/", "/debug/pprof/profile?seconds=0", "/debug/pprof/profile?seconds=x"])
def test_what_the_port_does_not_have_is_told(service: Serving, path: str):
    status, text = asked(service.metrics + path)
    assert status in {400, 404}
    assert "expected" in text
