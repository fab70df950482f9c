"""The SQL of schedules, in a subset that SQLite and PostgreSQL both take; named parameters `:name`.

- `schedules`: each schedule as JSON, with its position
- `occurrences`: what became of each occurrence. The primary key (schedule, occurrence) makes sure that an
  occurrence is claimed once, whatever daemons believe; rows are never deleted.
- `approvals`: who approved which occurrence
- `places`: a row for each environment, only to be locked

Instants are seconds since the epoch; an occurrence's is a whole number.
"""

# ruff: noqa: S608  # what is put together is this module's own lists of columns

from __future__ import annotations

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS schedules (
        schedule TEXT NOT NULL PRIMARY KEY,
        body TEXT NOT NULL,
        paused INTEGER NOT NULL,
        occurrence BIGINT,
        wake DOUBLE PRECISION,
        noticed INTEGER NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS schedules_by_wake ON schedules (wake)",
    """CREATE TABLE IF NOT EXISTS occurrences (
        schedule TEXT NOT NULL,
        occurrence BIGINT NOT NULL,
        moment DOUBLE PRECISION NOT NULL,
        environment TEXT NOT NULL,
        state TEXT NOT NULL,
        decided DOUBLE PRECISION NOT NULL,
        reason TEXT NOT NULL,
        why TEXT NOT NULL,
        holder TEXT NOT NULL,
        until DOUBLE PRECISION NOT NULL,
        started DOUBLE PRECISION,
        ended DOUBLE PRECISION,
        exit_code INTEGER,
        drill TEXT NOT NULL,
        PRIMARY KEY (schedule, occurrence)
    )""",
    """CREATE INDEX IF NOT EXISTS occurrences_that_stand ON occurrences (environment, until)
        WHERE state IN ('claimed', 'started')""",
    "CREATE INDEX IF NOT EXISTS occurrences_by_time ON occurrences (occurrence)",
    """CREATE TABLE IF NOT EXISTS approvals (
        schedule TEXT NOT NULL,
        occurrence BIGINT NOT NULL,
        person TEXT NOT NULL,
        given DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (schedule, occurrence, person)
    )""",
    "CREATE TABLE IF NOT EXISTS places (environment TEXT NOT NULL PRIMARY KEY)",
)

_ROW = "body, paused, occurrence, wake, noticed"
ADD = """INSERT INTO schedules (schedule, body, paused, occurrence, wake, noticed)
    VALUES (:schedule, :body, :paused, :occurrence, :wake, :noticed) ON CONFLICT (schedule) DO NOTHING"""
ROW = f"SELECT {_ROW} FROM schedules WHERE schedule = :schedule"
ROWS = f"SELECT {_ROW} FROM schedules ORDER BY schedule"
PAUSE = "UPDATE schedules SET paused = :paused WHERE schedule = :schedule"
REMOVE = "DELETE FROM schedules WHERE schedule = :schedule"
WAKING = f"SELECT {_ROW} FROM schedules WHERE wake <= :until ORDER BY wake, schedule LIMIT :most"
NEXT_WAKE = "SELECT MIN(wake) FROM schedules"
# Compare and set: of several daemons that read one position, one moves the schedule on.
MOVE = """UPDATE schedules SET occurrence = :occurrence, wake = :wake, noticed = :noticed
    WHERE schedule = :schedule AND occurrence = :was AND noticed = :was_noticed"""

_RECORD = """schedule, occurrence, moment, environment, state, decided, reason, why, holder, until,
    started, ended, exit_code, drill"""
LOCK_ENVIRONMENT = """INSERT INTO places (environment) VALUES (:environment)
    ON CONFLICT (environment) DO UPDATE SET environment = excluded.environment"""
"""An update without a change, which locks the environment's row until the transaction ends. Otherwise, in
PostgreSQL, two claims on one environment would each count before the other is committed, and both would win.
SQLite has locked its whole file anyway."""
# Not the occurrence itself: it may have a record already, and then RECORD_ONCE finds it taken.
ACTIVE_ON_ENVIRONMENT = """SELECT COUNT(*) FROM occurrences
    WHERE environment = :environment AND state IN ('claimed', 'started')
    AND NOT (schedule = :schedule AND occurrence = :occurrence)"""
RECORD_ONCE = f"""INSERT INTO occurrences ({_RECORD})
    VALUES (:schedule, :occurrence, :moment, :environment, :state, :decided, :reason, :why, :holder, :until,
        :started, :ended, :exit_code, :drill)
    ON CONFLICT (schedule, occurrence) DO NOTHING"""
# Compare and set, by what a reader saw last: `until` too, since the same holder renews it.
CHANGE = """UPDATE occurrences SET state = :state, decided = :decided, reason = :reason, why = :why,
        holder = :holder, until = :until, started = :started, ended = :ended, exit_code = :exit_code,
        drill = :drill
    WHERE schedule = :schedule AND occurrence = :occurrence
        AND state = :was_state AND holder = :was_holder AND until = :was_until"""
RECORD = f"SELECT {_RECORD} FROM occurrences WHERE schedule = :schedule AND occurrence = :occurrence"
RECORDS = f"""SELECT {_RECORD} FROM occurrences WHERE :schedule = '' OR schedule = :schedule
    ORDER BY occurrence DESC, schedule LIMIT :most"""
ABANDONED = f"""SELECT {_RECORD} FROM occurrences
    WHERE state IN ('claimed', 'started') AND until <= :now"""
"""Without ORDER BY: for an order, SQLite would walk through every occurrence that there ever was, instead of
using the partial index."""

APPROVE = """INSERT INTO approvals (schedule, occurrence, person, given)
    VALUES (:schedule, :occurrence, :person, :given) ON CONFLICT (schedule, occurrence, person) DO NOTHING"""
APPROVALS = """SELECT person, given FROM approvals WHERE schedule = :schedule AND occurrence = :occurrence
    ORDER BY given, person"""

# --- a whole store into another one ---

ALL_ACTIVE = "SELECT schedule FROM occurrences WHERE state IN ('claimed', 'started') ORDER BY occurrence"
COPIED = {
    "schedules": ("schedule", "body", "paused", "occurrence", "wake", "noticed"),
    "occurrences": tuple(name.strip() for name in _RECORD.split(",")),
    "approvals": ("schedule", "occurrence", "person", "given"),
}
_KEYS = {
    "schedules": "schedule",
    "occurrences": "schedule, occurrence",
    "approvals": "schedule, occurrence, person",
}
ALL = {table: f"SELECT {', '.join(columns)} FROM {table}" for table, columns in COPIED.items()}
PUT = {
    table: f"""INSERT INTO {table} ({", ".join(columns)}) VALUES ({", ".join(f":{name}" for name in columns)})
    ON CONFLICT ({_KEYS[table]}) DO NOTHING"""
    for table, columns in COPIED.items()
}
