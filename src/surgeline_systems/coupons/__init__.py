"""Coupon validation: may this user use this coupon now? Every answer is logged, asynchronously and in batches.

General layout, in the order of a demo:
  system.py                 its places and names
  migrations/               the tables and their indexes
  seeds.py                  what they hold, for `surgeline seed`
  rules.py                  when a coupon is valid. Pure
  service.py                one query per validation
  validation_log.py         the queue between the answers and the log table
  app.py, settings.py       HTTP around them
  load/                     the load suite, which knows the right answers by seeds.py

Only load/ knows the load generator, only seeds.py knows seeding, and both know its public API alone.
"""
