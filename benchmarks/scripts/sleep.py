"""Many virtual users that sleep a second between their requests."""

from surgeline import VU, constant_vus, env, scenario


@scenario(constant_vus(vus=env("VUS", 2_000), duration=env("SECONDS", 4)))
async def get_and_sleep(vu: VU) -> None:
    """One request, one second."""
    await vu.http.get("/")
    await vu.sleep(1)
