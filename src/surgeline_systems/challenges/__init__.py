"""Challenges of a game: users reach goals by what they do, see how far they have come, and claim rewards.

General layout, in the order of a demo:
  system.py                          its places and names
  migrations/                        the table of progress
  catalogue.py                       challenges and their goals: the service's configuration
  seeds.py                           goals that users have reached, for `surgeline seed`
  app.py, access.py, settings.py     HTTP: who asks, and for what
  health.py, buffer_depth.py         how the service and its event handler are
  progress.py, claiming.py           what a user's goals are like; giving out a reward once
  rewards.py                         the client of the reward service, or a mock
  event_handler.py                   gRPC, in a process of its own: takes events in
  events.proto, event_messages.py    what an event says
  change_buffer.py                   between events and the table: one UPSERT a second
  journal.py                         what is in it, in Redis too: for when the handler is killed
  progress_writer.py                 that UPSERT
  metrics.py, inspection.py          counters and a profile, on a port of their own

Only seeds.py knows seeding, by its public API alone.
"""
