"""A unary call of gRPC whose answer is decoded and checked twice."""

from surgeline import VU, check, constant_vus, env, grpc, scenario

events = grpc.Client(env("TARGET"), protos=["events.proto"])


@scenario(constant_vus(vus=env("VUS", 64), duration=env("SECONDS", 4)))
async def call(vu: VU) -> None:
    """One call and two checks."""
    response = await events.call(vu, "events.Handler/OnLogin", {"user_id": "u1", "sequence": vu.iteration})
    check(response, {"status is OK": response.status == "OK", "accepted": response.message.accepted})
