"""What the HTTP services of the systems have in common, so that each of them holds its own matter alone.

General layout, in the order of a request's way:
  settings.py      what a service is told by its environment
  server.py        running a service: in this process, or as a child that is gone when its owner is gone
  direct_server.py, direct_connection.py, direct_request.py
                   a server of our own, where every microsecond counts
  stop_signals.py  how a process is told to end
  operations.py    what a service answers to: routes, and the OpenAPI document that says the same
  exchange.py      reading bodies, writing answers
  errors.py        the one shape of an error, and what becomes one
  database.py      connections to PostgreSQL, and what identifies a database
  migrations.py    the tables, made step by step
  work_queue.py    workers, and the rows of a table that they work off
  process.py       what a service says of its own process
  passwords.py     hashes, away from the event loop
  redis_link.py    Redis as something that may be away
  redis_pipeline.py
                   Redis for those who ask it very often: many questions at a time, over one connection

It must not know any system, nor the load generator.
"""
