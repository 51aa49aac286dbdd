"""The run file: one SQLite file that holds all of one run. Its tables, and nothing of who writes or reads them.

`PRAGMA application_id` is `APPLICATION_ID`, `PRAGMA user_version` the schema's version. Columns named `..._json` hold
JSON. Times are ISO 8601 with an offset; seconds are counted from the start of the load.

    run        one row: what is known before the load. `started_at` is when set-up began, and that of the load once the
               run has come to its end; until then `ended_at` is NULL, and stays so when it was killed. Secrets are
               replaced (see `redact`); `script_sha256` is that of the whole text.
    series     a metric with one set of tags. `type` is counter, gauge, rate or trend; `contains` is default, time (ms)
               or data (bytes); `adds_up` marks a gauge whose series add up.
    seconds    one row for each second that is complete: `second` counts from 0, -1 is set-up, -2 tear-down;
               `seconds` is how long the
               load had gone on when the second ended.
    blocks     what a series came to in a second, but for trends. Counter: `value` is the sum. Rate: `value` is how many
               samples were true, of `count`. Gauge: `value` is the last, between `low` and `high`.
    trends     some trends of a second: `histograms` is zlib over a MessagePack list of series, form, series, form, ...
               Each form is what `Histogram.encode` returns, its bytes at even positions before those at odd ones:
               bucket distances and counts compress better apart.
    messages   what was said to the person who watched, and when.
    result     one row when the run has come to its end: the columns that a list of runs shows, and `result_json`, which
               is the `RunResult` without its metrics: those are the blocks.
"""

APPLICATION_ID = 0x5347524C
"""SGRL."""
VERSION = 1

TABLES = """
CREATE TABLE run (
    run_id TEXT NOT NULL, title TEXT NOT NULL, script_path TEXT, script_text TEXT NOT NULL, script_sha256 TEXT NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT, seed INTEGER NOT NULL, tags_json TEXT NOT NULL, options_json TEXT NOT NULL,
    environment_json TEXT NOT NULL, machine_json TEXT NOT NULL, scenarios_json TEXT NOT NULL,
    thresholds_json TEXT NOT NULL, trend_stats_json TEXT NOT NULL
);
CREATE TABLE series (
    id INTEGER PRIMARY KEY, metric TEXT NOT NULL, type TEXT NOT NULL, contains TEXT NOT NULL, unit TEXT NOT NULL,
    adds_up INTEGER NOT NULL, tags_json TEXT NOT NULL
);
CREATE TABLE seconds (second INTEGER PRIMARY KEY, seconds REAL NOT NULL);
CREATE TABLE blocks (
    second INTEGER NOT NULL, series INTEGER NOT NULL, value REAL NOT NULL, count INTEGER, low REAL, high REAL
);
CREATE TABLE trends (second INTEGER NOT NULL, histograms BLOB NOT NULL);
CREATE INDEX blocks_by_second ON blocks (second);
CREATE INDEX trends_by_second ON trends (second);
CREATE TABLE messages (at TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE result (
    verdict TEXT NOT NULL, seconds REAL NOT NULL, requests INTEGER NOT NULL, p95_ms REAL, failed_share REAL,
    result_json TEXT NOT NULL
);
"""
