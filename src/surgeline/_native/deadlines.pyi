"""Deadlines of many calls, with one timer; only native code has them."""
