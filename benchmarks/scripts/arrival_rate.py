"""A plain GET at a constant arrival rate, whatever the server does."""

from surgeline import VU, constant_arrival_rate, env, scenario


@scenario(
    constant_arrival_rate(
        rate=env("RATE", 10_000), duration=env("SECONDS", 4), pre_allocated_vus=env("VUS", 100), max_vus=2_000
    )
)
async def get(vu: VU) -> None:
    """One request."""
    await vu.http.get("/")
