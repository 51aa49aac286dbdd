-- A message service's tables, for PostgreSQL.

CREATE TABLE users (
    id          uuid PRIMARY KEY,
    email       varchar(255) NOT NULL UNIQUE,
    name        varchar(255) NOT NULL,
    timezone    varchar(64) NOT NULL,
    birthday    date NOT NULL,
    anniversary date,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE message_logs (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id      uuid NOT NULL,
    message_type varchar(32) NOT NULL CHECK (message_type IN ('BIRTHDAY', 'ANNIVERSARY')),
    sent_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT message_logs_user_id_users_id_fk FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE INDEX users_birthday ON users (birthday);
CREATE INDEX message_logs_user ON message_logs (user_id, sent_at);
