"""The gRPC client of load scripts, on grpcio's asyncio client; reached by scripts as `surgeline.grpc`."""
