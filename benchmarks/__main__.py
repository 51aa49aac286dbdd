"""All benchmarks that need nothing but the tools, in the order in which they run."""

from benchmarks import (
    accuracy,
    arrival_rate,
    grpc,
    large_bodies,
    memory,
    open_connections,
    post,
    scaling,
    startup,
    throughput,
    tls,
)
from benchmarks.command import Benchmarks, command

BENCHMARKS: Benchmarks = {
    "throughput": throughput.measure,
    "post": post.measure,
    **tls.BENCHMARKS,
    **large_bodies.BENCHMARKS,
    **grpc.BENCHMARKS,
    "arrival_rate": arrival_rate.measure,
    "memory": memory.measure,
    "scaling": scaling.measure,
    **open_connections.BENCHMARKS,
    "startup": startup.measure,
    "accuracy": accuracy.measure,
}

if __name__ == "__main__":
    command(BENCHMARKS)()
