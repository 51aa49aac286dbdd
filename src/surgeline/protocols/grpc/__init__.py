"""The gRPC client of load scripts, on the native core's HTTP/2; reached by scripts as `surgeline.grpc`."""
