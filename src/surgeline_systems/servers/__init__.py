"""Finds the servers that the reference systems stand on, or starts private ones.

General layout:
  postgres.py          the four ways to a PostgreSQL, and the database of a system on it
  postgres_private.py  a PostgreSQL of our own, gone when its owner is gone
  mariadb.py           the three ways to a MariaDB, and the database of a system on it
  mariadb_private.py   a MariaDB of our own, gone when its owner is gone
  databases.py         the one or the other of them
  redis.py             the four ways to a Redis or Valkey
  redis_private.py     a Redis or Valkey of our own, gone when its owner is gone
  rabbitmq.py          the three ways to a RabbitMQ
  rabbitmq_private.py  a RabbitMQ of our own, gone when its owner is gone
  ways.py              what the ways to a server have in common
  private.py           what servers of our own have in common
  identity.py          as whom a private server runs
  launch.py            starting, awaiting and stopping any child process
  guard.py             the little process between us and the child: it outlives us just long enough to clean up

A server knows nothing of the systems that use it.
"""
