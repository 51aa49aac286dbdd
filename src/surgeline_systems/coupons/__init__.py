"""Coupon validation: may this user use this coupon now? Every answer is logged, asynchronously and in batches.

General layout, in the order of a demo:
  schema.sql, schema.py     the tables and their indexes
  catalogue.py, people.py   what the seeded system holds, derivable from a seed number without a query
  seed.py, bulk.py          putting it into the database: fast, and only over what an earlier seeding put there
  progress.py               what a person sees meanwhile
  rules.py                  when a coupon is valid. Pure
  service.py                one query per validation
  validation_log.py         the queue between the answers and the log table
  app.py, settings.py       HTTP around them; server.py runs it, in this process or as a child
  load/                     the load suite
  demo.py                   all of it, one after the other

Only load/ knows the load generator, and only its public API.
"""

DATABASE = "surgeline_coupons"
