"""The SQL of histories, in a subset that SQLite and PostgreSQL both take; named parameters `:name`.

- `events`, `load`: appended to only, chained by hash; each drill's rows are numbered from 1 without gaps -
`drills`: an index that appending keeps, with the heads of both chains. A drill that was ended with a fault in
  force has a `how`, and is not closed. `imported` is when it came from a file, if it did.
- `roll`, `roll_end`: the chain over the ends of all histories
- `identity`: the store's own id, to which signatures are bound
- `claims`, `leases`: rights that expire
- `reverters`: which hosts stand by to revert

Instants are seconds since the epoch.
"""

from __future__ import annotations

from gameday.core.facts import drill_row

MAKE_VERSION = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY)"
SCHEMA = (
    MAKE_VERSION,
    """CREATE TABLE IF NOT EXISTS drills (
        drill TEXT NOT NULL PRIMARY KEY,
        scenario TEXT NOT NULL,
        environment TEXT NOT NULL,
        started DOUBLE PRECISION NOT NULL,
        closed DOUBLE PRECISION,
        how TEXT NOT NULL,
        events INTEGER NOT NULL,
        events_head TEXT NOT NULL,
        load INTEGER NOT NULL,
        load_head TEXT NOT NULL,
        load_until DOUBLE PRECISION NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS events (
        drill TEXT NOT NULL,
        seq INTEGER NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        line TEXT NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (drill, seq),
        UNIQUE (drill, id)
    )""",
    """CREATE TABLE IF NOT EXISTS load (
        drill TEXT NOT NULL,
        seq INTEGER NOT NULL,
        id TEXT NOT NULL,
        ends DOUBLE PRECISION NOT NULL,
        lines TEXT NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (drill, seq),
        UNIQUE (drill, id)
    )""",
    """CREATE TABLE IF NOT EXISTS claims (
        drill TEXT NOT NULL,
        what TEXT NOT NULL,
        holder TEXT NOT NULL,
        until DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (drill, what)
    )""",
    """CREATE TABLE IF NOT EXISTS leases (
        environment TEXT NOT NULL PRIMARY KEY,
        drill TEXT NOT NULL,
        holder TEXT NOT NULL,
        since DOUBLE PRECISION NOT NULL,
        until DOUBLE PRECISION NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS reverters (
        holder TEXT NOT NULL PRIMARY KEY,
        host TEXT NOT NULL,
        until DOUBLE PRECISION NOT NULL
    )""",
)
SIGNATURES = (
    "ALTER TABLE events ADD COLUMN signature TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE drills ADD COLUMN imported DOUBLE PRECISION",
    "CREATE TABLE IF NOT EXISTS identity (one INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL)",
)
"""The signature is no part of the line: a copy of a history, which drops it, keeps the chain's hashes."""
# Made by the first process that asks: SQLite and PostgreSQL share no function that draws an id.
IDENTIFY = "INSERT INTO identity (one, id) VALUES (1, :id) ON CONFLICT (one) DO NOTHING"
IDENTITY = "SELECT id FROM identity WHERE one = 1"
ROLL = (
    """CREATE TABLE IF NOT EXISTS roll (
        seq INTEGER NOT NULL PRIMARY KEY,
        drill TEXT NOT NULL,
        events INTEGER NOT NULL,
        events_head TEXT NOT NULL,
        load INTEGER NOT NULL,
        load_head TEXT NOT NULL,
        load_until DOUBLE PRECISION NOT NULL,
        hash TEXT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS roll_end (
        one INTEGER NOT NULL PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL)""",
)
"""The store's own chain: where each history ended when its drill did, and after each later addition. It shows
what a drill's own chains can't: a history that is gone, or that was cut with its row adjusted."""
# Makes the row, or updates it without a change: the lock that OPEN_DRILL takes for a drill.
LOCK_ROLL = """INSERT INTO roll_end (one, seq, hash) VALUES (1, 0, '')
    ON CONFLICT (one) DO UPDATE SET one = excluded.one RETURNING seq, hash"""
ADD_TO_ROLL = """INSERT INTO roll (seq, drill, events, events_head, load, load_head, load_until, hash)
    VALUES (:seq, :drill, :events, :events_head, :load, :load_head, :load_until, :hash)"""
MOVE_ROLL = "UPDATE roll_end SET seq = :seq, hash = :hash WHERE one = 1"
ROLL_CHAIN = """SELECT seq, drill, events, events_head, load, load_head, load_until, hash
    FROM roll ORDER BY seq"""
ROLL_END = "SELECT seq, hash FROM roll_end WHERE one = 1"
ROLLED = """SELECT events, events_head, load, load_head, load_until FROM roll
    WHERE drill = :drill ORDER BY seq DESC LIMIT 1"""
HAS_ENDED = "SELECT 1 FROM drills WHERE drill = :drill AND how <> ''"
KNOWN = "SELECT drill FROM drills"
UNROLLED = (
    """SELECT drill FROM drills WHERE how <> '' AND drill NOT IN (SELECT drill FROM roll) ORDER BY drill"""
)
_ROWS = f"SELECT {', '.join(drill_row.COLUMNS)} FROM drills"  # noqa: S608  # names of ours
ROW = f"{_ROWS} WHERE drill = :drill"
GET_VERSION = "SELECT version FROM schema_version"


def set_version(version: int) -> str:
    """Give the statement that notes the version in a table without one."""
    return f"INSERT INTO schema_version (version) VALUES ({version})"  # noqa: S608  # a number of ours


OPEN_DRILL = """INSERT INTO drills
    (drill, scenario, environment, started, closed, how, events, events_head, load, load_head, load_until)
    VALUES (:drill, '', '', :started, NULL, '', 0, :head, 0, :head, 0)
    ON CONFLICT (drill) DO UPDATE SET drill = excluded.drill
    RETURNING events, events_head, load, load_head, load_until"""
"""Makes the drill's row, or updates it without a change. In PostgreSQL that locks the row until the end of
the transaction, as SQLite locks its whole file: otherwise two writers would read the same head and take the
same number. RETURNING gives the heads as they are under the lock."""
HEADS = "SELECT events, events_head, load, load_head, load_until FROM drills WHERE drill = :drill"
NAME_DRILL = "UPDATE drills SET scenario = :scenario, environment = :environment WHERE drill = :drill"
# Once: a later DrillClosed must not change when and how the drill ended.
CLOSE_DRILL = "UPDATE drills SET closed = :closed, how = :how WHERE drill = :drill AND closed IS NULL"
# A drill that ended with a fault in force stays in the list of open ones until a revert closes it
# (adr/0011).
LEAVE_OPEN = "UPDATE drills SET how = :how WHERE drill = :drill AND closed IS NULL"
# What is imported is closed, whatever its own facts say.
IMPORT_DRILL = """UPDATE drills SET imported = :imported, closed = COALESCE(closed, :imported),
    how = CASE WHEN how = '' THEN 'imported' ELSE how END WHERE drill = :drill"""
DRILLS = f"""{_ROWS}
    WHERE substr(drill, 1, 8) <> 'gameday-' ORDER BY started DESC, drill DESC"""
NEWEST = f"{DRILLS} LIMIT :most"
DRILL_COLUMNS = ("drill", "scenario", "environment", "started", "closed", "how", "events", "events_head",
    "load", "load_head", "load_until", "imported")  # fmt: skip
DRILL = f"SELECT {', '.join(DRILL_COLUMNS[1:])} FROM drills WHERE drill = :drill"  # noqa: S608  # ours
INDEX_DRILL = f"""INSERT INTO drills ({", ".join(DRILL_COLUMNS)})
    VALUES ({", ".join(f":{name}" for name in DRILL_COLUMNS)})
    ON CONFLICT (drill) DO UPDATE SET scenario = excluded.scenario, environment = excluded.environment,
        started = excluded.started, closed = excluded.closed, how = excluded.how,
        load_until = excluded.load_until, imported = excluded.imported"""  # noqa: S608  # ours
"""Copies a drill's row; the heads of its chains come with their lines."""
LIVE = f"""{_ROWS}
    WHERE closed IS NULL
    AND substr(drill, 1, 8) <> 'gameday-' ORDER BY started DESC, drill DESC"""
GAME_DAYS = f"""{_ROWS}
    WHERE substr(drill, 1, 8) = 'gameday-' ORDER BY started DESC, drill DESC"""
"""Game days are histories, too, under ids with a prefix of their own (`core.plans.gameday`)."""

# DO NOTHING: who did not learn whether a write arrived sends it again.
ADD_EVENT = """INSERT INTO events (drill, seq, id, kind, line, hash, signature)
    VALUES (:drill, :seq, :id, :kind, :line, :hash, :signature) ON CONFLICT (drill, id) DO NOTHING"""
MOVE_EVENTS = "UPDATE drills SET events = :seq, events_head = :head WHERE drill = :drill"
EVENTS = "SELECT line, signature FROM events WHERE drill = :drill AND seq > :after ORDER BY seq"
OF_KIND = "SELECT line FROM events WHERE drill = :drill AND kind = :kind ORDER BY seq"
EVENT_CHAIN = "SELECT seq, id, kind, line, hash FROM events WHERE drill = :drill ORDER BY seq"
EVENT_ROWS = """SELECT seq, id, kind, line, hash FROM events WHERE drill = :drill AND seq > :after
    ORDER BY seq LIMIT :most"""
EVENT_HASH = "SELECT hash FROM events WHERE drill = :drill AND seq = :seq"

ADD_LOAD = """INSERT INTO load (drill, seq, id, ends, lines, hash)
    VALUES (:drill, :seq, :id, :ends, :lines, :hash) ON CONFLICT (drill, id) DO NOTHING"""
MOVE_LOAD = "UPDATE drills SET load = :seq, load_head = :head, load_until = :until WHERE drill = :drill"
LOAD = """SELECT seq, lines FROM load WHERE drill = :drill AND ends > :since AND seq > :after AND seq <= :last
    ORDER BY seq LIMIT :most"""
LOAD_CHAIN = "SELECT seq, ends, lines, hash FROM load WHERE drill = :drill ORDER BY seq"
LOAD_ROWS = """SELECT seq, id, ends, lines, hash FROM load WHERE drill = :drill AND seq > :after
    ORDER BY seq LIMIT :most"""
LOAD_HASH = "SELECT hash FROM load WHERE drill = :drill AND seq = :seq"

# One statement tests and sets, so no other claim can come in between; 0 rows: it is somebody else's.
CLAIM = """INSERT INTO claims (drill, what, holder, until) VALUES (:drill, :what, :holder, :until)
    ON CONFLICT (drill, what) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE claims.holder = excluded.holder OR claims.until <= :now"""

# By drill, not by holder: any process of the drill may renew its lease.
TAKE_LEASE = """INSERT INTO leases (environment, drill, holder, since, until)
    VALUES (:environment, :drill, :holder, :since, :until)
    ON CONFLICT (environment) DO UPDATE SET drill = excluded.drill, holder = excluded.holder,
        since = excluded.since, until = excluded.until
    WHERE leases.drill = excluded.drill OR leases.until <= :now"""
LEASE = "SELECT environment, drill, holder, since, until FROM leases WHERE environment = :environment"
STAND_BY = """INSERT INTO reverters (holder, host, until) VALUES (:holder, :host, :until)
    ON CONFLICT (holder) DO UPDATE SET host = excluded.host, until = excluded.until"""
EXPIRE_STANDBYS = "DELETE FROM reverters WHERE until <= :now"
STANDBY_HOSTS = "SELECT DISTINCT host FROM reverters WHERE until > :now ORDER BY host"
# With the drill: whoever is late must not release the lease that another drill has taken since.
RELEASE_LEASE = "DELETE FROM leases WHERE environment = :environment AND drill = :drill"
