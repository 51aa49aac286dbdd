"""Many virtual users, each with a connection that it keeps and a request every few seconds."""

from surgeline import VU, constant_vus, env, scenario

INTERVAL = env("INTERVAL", 3)


@scenario(constant_vus(vus=env("VUS", 10_000), duration=env("SECONDS", 7)))
async def get_and_sleep(vu: VU) -> None:
    """One request, one interval; the first at any moment of it, for no server accepts so many at once."""
    if vu.iteration == 0:
        await vu.sleep(vu.random.random() * INTERVAL)
    await vu.http.get("/")
    await vu.sleep(INTERVAL)
