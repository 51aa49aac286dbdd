-- The table of the challenges system: how far a user has come with a goal, and what became of the reward.
--
-- A user is whoever has a token, and goals are in the catalogue, the service's configuration: neither is looked up here.
--
-- `target` is the goal's when the row was last written from events; `counts_days` is true where events add a day each
-- and do not say the value. `counted_at` is the time of the latest event that counted (of a day: its midnight, UTC), so
-- that an event that comes twice, or after a later one, changes nothing. While `claiming_until` is in the future,
-- a claim is giving out the reward.
--
-- A row is written again and again: there is room on its page (fillfactor), and no index has a column that changes.
CREATE TABLE user_goal_progress (
    user_id        uuid NOT NULL,
    goal_id        text COLLATE "C" NOT NULL,
    progress       bigint NOT NULL DEFAULT 0,
    target         bigint NOT NULL,
    counts_days    boolean NOT NULL DEFAULT false,
    counted_at     timestamptz NOT NULL DEFAULT '-infinity',
    completed_at   timestamptz,
    claiming_until timestamptz,
    claimed_at     timestamptz,
    PRIMARY KEY (user_id, goal_id),
    CHECK (claimed_at IS NULL OR completed_at IS NOT NULL)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- Whom the seeds have made progress for, and with which goals. The service reads neither.
CREATE TABLE users (
    id uuid PRIMARY KEY
);

CREATE TABLE seeded_goals (
    goal_id text COLLATE "C" PRIMARY KEY
);
