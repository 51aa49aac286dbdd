-- The tables of the messages system.
--
-- Keys and e-mail addresses compare byte by byte (COLLATE "C"): no language has a say in them, and it is faster.

CREATE TABLE users (
    id         uuid PRIMARY KEY,
    email      text COLLATE "C" NOT NULL UNIQUE,
    timezone   text NOT NULL,
    birthday   date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A row is written three times: accepted, claimed by a worker, finished. There is room on its page for the second and
-- third (fillfactor), and claiming changes no column of any index, so that PostgreSQL need not touch the indexes then.
-- Users are never looked for here, so user_id has no index; it would cost each message one more write.
CREATE TABLE message_logs (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id         uuid NOT NULL CONSTRAINT message_logs_user_id_users_id_fk REFERENCES users (id),
    message_type    text COLLATE "C" NOT NULL CHECK (message_type IN ('BIRTHDAY', 'ANNIVERSARY')),
    idempotency_key text COLLATE "C" NOT NULL CONSTRAINT message_logs_idempotency_key_unique UNIQUE,
    body            text,
    status          text COLLATE "C" NOT NULL DEFAULT 'pending'
                    CHECK (status IN ('pending', 'processing', 'sent', 'failed')),
    attempts        integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    claimed_at      timestamptz,
    finished_at     timestamptz,
    CHECK ((finished_at IS NOT NULL) = (status IN ('sent', 'failed')))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- The queue: what is accepted and not finished, the oldest first.
CREATE INDEX message_logs_unfinished ON message_logs (created_at) WHERE finished_at IS NULL;

-- How many messages were finished, so that nobody has to count them all. Written together with them.
CREATE TABLE message_counts (
    status   text COLLATE "C" PRIMARY KEY CHECK (status IN ('sent', 'failed')),
    messages bigint NOT NULL
) WITH (fillfactor = 50);
