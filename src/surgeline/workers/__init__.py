"""More than one core: processes that share the load of one run exactly, and the pool that has them do it."""
