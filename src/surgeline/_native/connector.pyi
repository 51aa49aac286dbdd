"""Connecting to a server; only native code does."""
