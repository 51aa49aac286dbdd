"""A scripted POST of JSON whose answer is decoded and checked twice."""

from surgeline import VU, check, constant_vus, env, scenario


@scenario(constant_vus(vus=env("VUS", 64), duration=env("SECONDS", 4)))
async def post(vu: VU) -> None:
    """One request and two checks."""
    response = await vu.http.post("/", json={"userId": 123, "messageType": "BIRTHDAY", "sequence": vu.iteration})
    answer = response.json()
    check(response, {"status is 200": response.status == 200, "user is 123": answer["user"] == 123})
