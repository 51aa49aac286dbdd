"""A gRPC server for benchmarks: answers every call with the same bytes and looks at none.

Run by `benchmarks.grpc`: python -m benchmarks.grpc_server PORT
"""

import asyncio
import sys

import grpc

SERVICE, METHOD = "events.Handler", "OnLogin"
_ACCEPTED = b"\x08\x01\x12\x05hello"


async def _answer(_request: bytes, _context: object) -> bytes:
    return _ACCEPTED


async def _serve(port: int) -> None:
    server = grpc.aio.server()
    handlers = {METHOD: grpc.unary_unary_rpc_method_handler(_answer)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
