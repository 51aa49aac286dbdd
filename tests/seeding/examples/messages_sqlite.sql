-- A message service's tables, for SQLite.

CREATE TABLE users (
    id          uuid PRIMARY KEY,
    email       varchar(255) NOT NULL UNIQUE,
    name        varchar(255) NOT NULL,
    timezone    varchar(64) NOT NULL,
    birthday    date NOT NULL,
    anniversary date,
    created_at  timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE message_logs (
    id           integer PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id),
    message_type text NOT NULL CHECK (message_type IN ('BIRTHDAY', 'ANNIVERSARY')),
    sent_at      timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX users_birthday ON users (birthday);
CREATE INDEX message_logs_user ON message_logs (user_id, sent_at);
