"""Conversations of churches: each church has its members, who send messages, read and reply; one never sees another's.

General layout, in the order of a request's way:
  system.py               its places, names and load suites
  migrations/             the tables and their indexes
  seeds.py                what they hold, for `surgeline seed`
  app.py, settings.py     the service put together
  account_endpoints.py, conversation_endpoints.py, church_endpoints.py
                          HTTP around it; bodies.py: what is asked, what is answered
  access.py               who may go on, by tokens.py and rate_limit.py
  cache.py                answers that are known already
  accounts.py, conversation_store.py, analytics.py, cleanup.py
                          the statements, one for each request
  sending.py              the queue of accepted messages, and their delivery
  load/                   the load suite

Only load/ knows the load generator, only seeds.py knows seeding, and both know its public API alone.
"""
