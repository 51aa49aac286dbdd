"""The virtual user as scripts know it: the engine's, with a client for each protocol."""

from surgeline.engine.context import RunContext
from surgeline.engine.vu import VirtualUser
from surgeline.protocols.http.client import HttpClient, HttpScenario


class VU(VirtualUser):
    """What a scenario function is given. `http` is this user's HTTP client, with its own connections."""

    __slots__ = ("http",)

    def __init__(self, context: RunContext, scenario: str, number: int, http: HttpScenario) -> None:
        super().__init__(context, scenario, number)
        self.http = HttpClient(http, self)
        self.clients.append(self.http)
