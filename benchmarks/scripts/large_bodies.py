"""A scripted GET of RESOURCE, as fast as the answers come; bodies are thrown away, or kept."""

from surgeline import VU, constant_vus, env, http_options, scenario

http_options(discard_bodies=env("DISCARD", True))
RESOURCE = env("RESOURCE", "/")


@scenario(constant_vus(vus=env("VUS", 16), duration=env("SECONDS", 4)))
async def get(vu: VU) -> None:
    """One request."""
    await vu.http.get(RESOURCE)
