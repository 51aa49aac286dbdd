"""A scripted GET that computes before it sends: WORK turns of a loop, 200 us of them on the machine that counted."""

from surgeline import VU, constant_vus, env, scenario

WORK = env("WORK", 5_000)


@scenario(constant_vus(vus=env("VUS", 64), duration=env("SECONDS", 4)))
async def computing(vu: VU) -> None:
    """One request."""
    for _ in range(WORK):
        pass
    await vu.http.get("/")
