"""The load suite of the conversations system: `loadtest.py`, run with `surgeline run loadtest.py --scenario NAME`.

General layout:
  loadtest.py     the scenarios: how many users, when, and what must hold
  workflow.py     what a user does, a step at a time and from beginning to end
  measures.py     the metrics of the steps
  accounts.py     who the users are
  recovery.py     how long after a spike the service is as quick as before. Pure
  watching.py     how a service's memory and connections have grown. Pure
"""
