"""Birthday and anniversary messages: accepted once for each idempotency key, delivered by workers from a queue.

General layout, in the order of a demo:
  system.py                 its places and names
  migrations/               the tables and their indexes
  seeds.py                  the users, for `surgeline seed`
  message_log.py            the table of messages as clients see it: accepted once, and what became of them
  claims.py                 the same table as the workers see it: a queue
  delivery.py               what the workers do: a stand-in for a provider of e-mail
  app.py, settings.py       HTTP around them
  load/, scaling.py         the load suite

Only load/ and scaling.py know the load generator, only seeds.py knows seeding, and both know its public API alone.
"""
