"""What a load test sees of the servers and processes behind a service, for the load scripts of all systems.

General layout, in the order data flows:

- `source`: what can be looked at, and what it says when it is away. `machine`, `processes`, `postgres`, `mariadb`,
  `rabbitmq` and `redis` are such sources. `process_tree`: what Linux says of processes.
- `figures`: what comes of two looks: a level, what was added, a share. Pure.
- `account`: all that was seen of one source. Pure. `tables`: the accounts as a table for people. Pure.
- `watch`: declares the scenario that looks every second, records metrics and prints the table.
"""
