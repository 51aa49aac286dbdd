"""Chats of applications: messages are accepted at once, numbered without gaps, and written later by way of a queue.

General layout, in the order of a message's way:
  system.py            its places, names and load suites
  migrations/          the tables, for MariaDB and for PostgreSQL
  seeds.py             what they hold, for `surgeline seed`
  app.py, settings.py  the service put together
  fast_lane.py         the three operations that are asked for all the time, on the shortest way
  account_endpoints.py, application_endpoints.py, message_endpoints.py
                       HTTP around all of them; bodies.py: what is asked, what is answered
  access.py            who may go on, by sessions.py; directory.py: where a chat is
  acceptance.py        messages on their way into the queue, with numbers by numbering.py
  batches.py           messages that travel together
  message_queue.py     what carries them: amqp_queue.py, or local_queue.py in one process
  writer.py, queue_writer.py
                       from the queue into the database
  store.py             the database: mariadb_store.py or postgres_store.py, on shared_store.py and writing_once.py
  hot_lists.py         the lists kept ready in Redis, by those who change them; hot_reads.py: for those who read
  search.py, indexing.py
                       the search index: tantivy_index.py or elasticsearch_index.py
  load/                the load suite

Only load/ knows the load generator, only seeds.py knows seeding, and both know its public API alone.
"""
