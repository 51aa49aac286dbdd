"""The reference systems: small real services, each with its database, its seeding and its load suite.

They show a newcomer how the tool works, and the tool's own tests run against them. A system uses only the public
API of `surgeline`, and only in its load scripts.

General layout:
  servers/     finding, or starting privately, the servers that the systems stand on
  coupons/     coupon validation with asynchronous, batched logging
"""
