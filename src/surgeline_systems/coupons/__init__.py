"""Coupon validation: may this user use this coupon now? Every answer is logged, asynchronously and in batches.

General layout, in the order of a demo:
  schema.sql, schema.py     the tables and their indexes
  seeds.py                  what they hold, for `surgeline seed`
  rules.py                  when a coupon is valid. Pure
  service.py                one query per validation
  validation_log.py         the queue between the answers and the log table
  app.py, settings.py       HTTP around them; server.py runs it, in this process or as a child
  load/                     the load suite, which knows the right answers by seeds.py
  demo.py                   all of it, one after the other

Only load/ knows the load generator, only seeds.py and demo.py know seeding, and all know its public API alone.
"""

from pathlib import Path

DATABASE = "surgeline_demo_coupons"
SEEDS = Path(__file__).with_name("seeds.py")
