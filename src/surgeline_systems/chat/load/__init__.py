"""The load suite of the chat system: `performance.py`, run with `surgeline run`.

  people.py       who writes and reads: users that are signed in, each with an application and its chats
  progress.py     the lines that tell meanwhile how many there were. Pure
  places.py       where the service, its database, broker and Redis are
  following.py    which messages have been written to the database since the last look
  positions.py    which of them are new, though writers overtake each other. Pure
  tables.py       what came of it, as two tables

From outside: WRITES and READS, how many a second; DURATION; WORKERS, how many users there are, each with a connection
for writing and one for reading; WARM_UP. BASE_URL, DATABASE_URL, REDIS_URL and RABBITMQ_URL, where it is not the usual.
"""
