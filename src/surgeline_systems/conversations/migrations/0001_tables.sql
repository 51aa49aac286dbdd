-- The tables of the conversations system. Each row of a church says so: every query asks for one church's rows alone.
--
-- What is `seeded` was there before any test: the clean-up of test data leaves it.

CREATE TABLE churches (
    id         text COLLATE "C" PRIMARY KEY,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    church_id     text COLLATE "C" NOT NULL CONSTRAINT users_church REFERENCES churches (id),
    email         text COLLATE "C" NOT NULL CONSTRAINT users_email UNIQUE,
    name          text NOT NULL,
    password_hash text NOT NULL,
    role          text COLLATE "C" NOT NULL CHECK (role IN ('member', 'admin')),
    seeded        boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- The last message and the number of messages are kept here: a list of conversations reads no message.
CREATE TABLE conversations (
    id                   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    church_id            text COLLATE "C" NOT NULL REFERENCES churches (id),
    subject              text NOT NULL,
    created_by           uuid NOT NULL REFERENCES users (id),
    created_at           timestamptz NOT NULL DEFAULT now(),
    last_message_at      timestamptz NOT NULL,
    last_message_preview text NOT NULL,
    last_sender_id       uuid NOT NULL,
    message_count        integer NOT NULL CHECK (message_count > 0),
    seeded               boolean NOT NULL DEFAULT false
);

-- A queued message is written three times: when it comes, when it is claimed, when it is sent.
CREATE TABLE messages (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    church_id       text COLLATE "C" NOT NULL,
    conversation_id uuid NOT NULL REFERENCES conversations (id),
    sender_id       uuid NOT NULL REFERENCES users (id),
    body            text NOT NULL,
    status          text COLLATE "C" NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent')),
    created_at      timestamptz NOT NULL,
    claimed_at      timestamptz,
    sent_at         timestamptz,
    seeded          boolean NOT NULL DEFAULT false,
    CHECK ((status = 'sent') = (sent_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- Up to which moment a user has read a conversation.
CREATE TABLE conversation_reads (
    conversation_id uuid NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    read_at         timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) WITH (fillfactor = 80);

-- Members of a church are counted.
CREATE INDEX users_of_church ON users (church_id);

-- The list of conversations, newest first and page by page; conversations of a church are counted.
CREATE INDEX conversations_of_church ON conversations (church_id, last_message_at DESC, id DESC);
CREATE INDEX conversations_of_user ON conversations (created_by);

-- The last messages of a conversation; who of a church wrote lately; all and sent messages of a church are counted.
CREATE INDEX messages_of_conversation ON messages (conversation_id, created_at DESC);
CREATE INDEX messages_of_sender ON messages (sender_id, created_at DESC);
CREATE INDEX messages_of_church ON messages (church_id, status);

-- The queue, oldest first: as small as the queue is, however many messages were sent.
CREATE INDEX messages_to_send ON messages (created_at) WHERE status = 'queued';

-- Where a user goes, so do the marks.
CREATE INDEX conversation_reads_of_user ON conversation_reads (user_id);
