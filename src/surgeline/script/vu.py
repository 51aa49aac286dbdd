"""The virtual user as scripts know it: the engine's, with a client for each protocol."""

import asyncio
from collections.abc import Sequence

from surgeline.engine.context import RunContext
from surgeline.engine.scenario import Scenario, ScenarioRun
from surgeline.engine.scope import Scope
from surgeline.engine.vu import HookPlace, Place, VirtualUser
from surgeline.protocols.http.client import HttpClient
from surgeline.protocols.http.options import HttpOptions
from surgeline.protocols.http.origins import Origins
from surgeline.protocols.http.scenario import HttpScenario


class VU(VirtualUser):
    """What a scenario function is given. `http` is this user's HTTP client, with its own connections.

    A script may keep what it likes on it: `vu.token = ...` is there in the user's next iteration.
    """

    __slots__ = ("__dict__", "http")

    def __init__(self, context: RunContext, place: Place, number: int, http: HttpScenario) -> None:
        super().__init__(context, place, number)
        self.http = HttpClient(http, self)
        self.clients.append(self.http)


class Users:
    """Makes the virtual users of a run; what their clients share is made once for each scope."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        context: RunContext,
        scenarios: Sequence[Scenario],
        http: HttpOptions,
        *,
        insecure: bool,
    ) -> None:
        """Make the origins of the scenarios' base URLs. Raises OptionError for a certificate that cannot be used."""
        self._context = context
        self._http_options = http.insecure() if insecure else http
        self._origins = Origins(loop, self._http_options)
        self._clients: dict[Scope, HttpScenario] = {}
        self._first_base_url = scenarios[0].base_url if scenarios else None
        for scenario in scenarios:
            if scenario.base_url is not None:
                self._origins.prepare(scenario.base_url)

    def of_scenario(self, run: ScenarioRun, number: int) -> VU:
        """Return user `number` of a scenario."""
        return VU(self._context, run, number, self._http(run.scope, run.scenario.base_url))

    def of_hook(self, place: Place, scope: Scope, base_url: str | None) -> VU:
        """Return the user that set-up or tear-down is given."""
        return VU(self._context, place, 0, self._http(scope, base_url))

    def of_watcher(self, flow: str, scope: Scope) -> VU:
        """Return the user that a flow's watcher is given; its relative URLs start where the first scenario's do."""
        return self.of_hook(HookPlace(flow, self._context.data), scope, self._first_base_url)

    def _http(self, scope: Scope, base_url: str | None) -> HttpScenario:
        http = self._clients.get(scope)
        if http is None:
            poller, notify = self._context.poller, self._context.notify
            http = self._clients[scope] = HttpScenario(
                poller,
                self._origins,
                scope,
                notify,
                base_url=base_url,
                options=self._http_options,
                witness=self._context.missing_parents.look,
            )
        return http
