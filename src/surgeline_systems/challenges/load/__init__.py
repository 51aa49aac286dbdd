"""The load suite of the challenges system: `scenario1.py` to `scenario5.py`, each run with `surgeline run`.

  players.py   users with their tokens, and what they ask over HTTP
  events.py    what the game tells over gRPC
  watching.py  what the database says of itself meanwhile

From outside: BASE_URL and GRPC_TARGET; TARGET_RPS and TARGET_EPS, requests and events a second; DURATION; TOKENS, a
file of `surgeline fixtures tokens`, for a service with another secret; USERS, after seeding with another number.
"""
