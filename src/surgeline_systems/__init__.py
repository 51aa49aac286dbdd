"""The reference systems: small real services, each with its database, its seeding and its load suites.

They show a newcomer how the tool works, and the tool's own tests run against them. A system uses only the public
API of `surgeline`, and of that the load generator only in its load scripts.

General layout:
  coupons/         coupon validation with asynchronous, batched logging
  messages/        messages to users, delivered by workers from a queue in the database
  conversations/   churches whose members write to one another: sign-in, a cache, rate limits, a queue
  challenges/      challenges of a game: events over gRPC, progress and rewards over HTTP
  chat/            chats of applications: messages accepted at once, written later by way of a broker; lists kept ready
  watching/        what load scripts show of the machine, its processes and the servers; durations.py, how long they are
                   told to look
  system.py        what a system is; catalogue.py names them
  application/     what their services have in common
  servers/         finding, or starting privately, the servers that they stand on
  backing.py       which of them a system stands on, and what it has left there
  running.py       starting all that, its tables and its service, and stopping it again
  wishes.py        what a person may give to it by names
  by_hand.py       the same step by step: `python -m surgeline_systems.NAME`
  suites.py        running load suites against what stands there (stands.py)
  standing.py      what is known of a system that is up; holder.py, the process that keeps it so; keeping.py, asking for
                   it and for its end; told_steps.py, how it says what it does
"""
