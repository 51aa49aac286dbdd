-- The tables of the coupons system. Every statement may be run again: it makes what is missing and changes nothing.
--
-- Ids and codes compare byte by byte (COLLATE "C"): no language has a say in them, and it is faster.

CREATE TABLE IF NOT EXISTS users (
    id         text COLLATE "C" PRIMARY KEY,
    email      text COLLATE "C" NOT NULL UNIQUE,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS coupons (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    code          text COLLATE "C" NOT NULL UNIQUE,
    type          text COLLATE "C" NOT NULL CHECK (type IN ('user_specific', 'time_specific')),
    status        text COLLATE "C" NOT NULL CHECK (status IN ('active', 'expired', 'inactive')),
    user_id       text COLLATE "C" REFERENCES users (id),
    valid_from    timestamptz NOT NULL,
    valid_until   timestamptz NOT NULL,
    max_uses      integer NOT NULL CHECK (max_uses > 0),
    uses_per_user integer NOT NULL CHECK (uses_per_user > 0),
    CHECK (valid_from < valid_until),
    CHECK ((type = 'user_specific') = (user_id IS NOT NULL))
);

CREATE TABLE IF NOT EXISTS coupon_usage (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    coupon_id uuid NOT NULL REFERENCES coupons (id),
    user_id   text COLLATE "C" NOT NULL REFERENCES users (id),
    used_at   timestamptz NOT NULL DEFAULT now()
);

-- No foreign keys: what was asked may name codes and users that do not exist, and that is worth a log line too.
-- The service makes the id, so that a batch that is written again after a lost connection is not there twice.
CREATE TABLE IF NOT EXISTS validation_logs (
    id           uuid PRIMARY KEY,
    code         text NOT NULL,
    user_id      text NOT NULL,
    valid        boolean NOT NULL,
    reason       text,
    validated_at timestamptz NOT NULL
);

-- A validation reads one coupon by its code; with the other columns included it need not visit the table.
CREATE INDEX IF NOT EXISTS coupons_lookup ON coupons (code, status, type)
    INCLUDE (id, user_id, valid_from, valid_until, max_uses, uses_per_user);

-- "Which coupons has this user?" and "what is on now?" The first is said by user_id, as the CHECK allows, so that the
-- foreign key on users can use it too: a user that goes is looked for here.
CREATE INDEX IF NOT EXISTS coupons_of_user ON coupons (user_id, status) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS coupons_by_time ON coupons (valid_from, valid_until) WHERE type = 'time_specific';

-- A validation counts the uses of a coupon, and those by one user among them.
CREATE INDEX IF NOT EXISTS coupon_usage_of_coupon ON coupon_usage (coupon_id, user_id);
CREATE INDEX IF NOT EXISTS coupon_usage_of_user ON coupon_usage (user_id, used_at);
