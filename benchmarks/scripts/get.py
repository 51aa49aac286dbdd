"""A scripted plain GET, as fast as the answers come."""

from surgeline import VU, constant_vus, env, scenario


@scenario(constant_vus(vus=env("VUS", 64), duration=env("SECONDS", 4)))
async def get(vu: VU) -> None:
    """One request."""
    await vu.http.get("/")
