"""What the HTTP services of the systems have in common, so that each of them holds its own matter alone.

General layout, in the order of a request's way:
  settings.py      what a service is told by its environment
  server.py        running a service: in this process, or as a child that is gone when its owner is gone
  operations.py    what a service answers to: routes, and the OpenAPI document that says the same
  exchange.py      reading bodies, writing answers
  errors.py        the one shape of an error, and what becomes one
  database.py      connections to PostgreSQL
  migrations.py    the tables, made step by step
  work_queue.py    workers, and the rows of a table that they work off
  process.py       what a service says of its own process

It must not know any system, nor the load generator.
"""
