"""A stranger's workspace or export: nothing in it is played, killed or run, by whatever command comes next."""

import json
import shutil
import sqlite3
import subprocess
import time

import pytest

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Scenario, ScorecardRules
from gameday.core.values import DrillId, EventId, FaultId, Mode, instant
from gameday.formats.stored import events as stored_events
from gameday.storage import open_plain, transfer
from gameday.storage.spill import spill_file
from gameday.system import process_identity
from gameday.system.signing_key import SigningKey
from tests.e2e.truth_space import TruthSpace, finish

pytestmark = pytest.mark.e2e

D = DrillId("20261101-100000-theirs-3f9a")
STRANGER = SigningKey(given="5" * 64)


class Stranger:
    """A history with an open fault whose rollback, processes and `down` would do harm on this machine."""

    def __init__(self, folder):
        self.space = TruthSpace(folder / "space")
        self.space.write("gameday.toml", "")
        self.harm = folder / "harm"
        self.harm.mkdir()
        self.victim = subprocess.Popen(["sleep", "600"], start_new_session=True)

    def history(self):
        scenario = Scenario(scenario="slow", title="Slow", environment="local")
        rules = ScorecardRules(scorecard="team", version=1, criteria=())
        who, host = process_identity.identity(self.victim.pid), process_identity.hostname()
        rollback = {
            "type": "action",
            "name": "undo",
            "provider": {
                "type": "process",
                "path": shutil.which("touch"),
                "arguments": self.mark("rollback"),
            },
        }
        experiment = {
            "version": "1.0.0", "title": "t", "description": "d", "method": [rollback], "rollbacks": [rollback],
        }  # fmt: skip
        process = {"pid": who.pid, "started_ticks": who.started_ticks, "boot": who.boot, "host": host}
        facts = (
            ev.DrillPlanned(
                scenario=scenario, scorecard=rules, mode=Mode.EVALUATE, environment="local",
                comparable="c", host=host,
            ),
            ev.ProcessStarted(role="conductor", **{**process, "pid": 2**22 - 2}),
            ev.EnvironmentBroughtUp(command=("true",), down=("touch", self.mark("down"))),
            ev.FaultRequested(
                fault=FaultId("main"), experiment=json.dumps(experiment), path="x.json",
                cwd=str(self.space.root), host=host,
            ),
            ev.ProcessStarted(role="chaoslib", **process),
            ev.ProcessStarted(role="keeper", **{**process, "pid": 2**22 - 3}),
            ev.FaultInjected(fault=FaultId("main"), action="undo"),
        )  # fmt: skip
        at = time.time() - 3600
        return [
            ev.Event(
                id=EventId(f"e{number}"), drill=D, recorded_at=instant(at + number), source="keeper", fact=fact
            )
            for number, fact in enumerate(facts)
        ]  # fmt: skip

    def mark(self, name):
        return str(self.harm / name)

    def store(self, path):
        store = open_plain(f"sqlite:///{path}", STRANGER)
        store.append(*self.history())
        return store

    def tries(self, *words):
        return finish(self.space.start(*words), within=60)

    def unharmed(self):
        return self.victim.poll() is None and not list(self.harm.iterdir())


@pytest.fixture
def stranger(tmp_path):
    made = Stranger(tmp_path)
    yield made
    made.victim.kill()
    made.victim.wait()


def database(stranger):
    stranger.store(stranger.space.database).close()


def with_wal(stranger):
    """Ship the database with its newest transactions in the -wal only."""
    store = stranger.store(stranger.space.root / "made.db")
    stranger.space.database.parent.mkdir(parents=True)
    for ending in ("", "-wal"):
        shutil.copy(stranger.space.root / f"made.db{ending}", f"{stranger.space.database}{ending}")
    store.close()
    assert (stranger.space.root / ".gameday" / "gameday.db-wal").stat().st_size > 0


def spill(stranger):
    documents = [json.loads(json.dumps(stored_events.encode(event))) for event in stranger.history()]
    spill_file.write(stranger.space.drills, [{**each, "signature": "a" * 64} for each in documents])


def of_before(stranger):
    """Ship a store as gameday made it before it signed anything."""
    database(stranger)
    with sqlite3.connect(stranger.space.database) as old:
        old.execute("ALTER TABLE drills DROP COLUMN imported")
        old.execute("ALTER TABLE events DROP COLUMN signature")
        for table in ("identity", "roll", "roll_end"):
            old.execute(f"DROP TABLE IF EXISTS {table}")
        old.execute("UPDATE schema_version SET version = 1")


COMMANDS = (("status",), ("list",), ("ack",), ("revert", "--all"), ("revert", D), ("show", D))


@pytest.mark.parametrize("ship", [database, with_wal, spill, of_before])
def test_a_workspace_that_ships_an_open_fault_does_no_harm(stranger, ship):
    ship(stranger)
    codes = {words: stranger.tries(*words) for words in COMMANDS}
    assert stranger.unharmed()
    for words in (("revert", "--all"), ("revert", D)):
        assert codes[words].returncode == 4, codes[words].stderr
        assert "Traceback" not in codes[words].stderr
    assert stranger.tries("revert", "--all").returncode == 4
    assert stranger.unharmed()


def test_an_import_is_closed_and_inert_whatever_is_asked_of_it(stranger, tmp_path):
    store = stranger.store(tmp_path / "theirs.db")
    transfer.export_drill(store, D, tmp_path / "drill.zip")
    store.close()
    imported = stranger.tries("import", str(tmp_path / "drill.zip"))
    assert imported.returncode == 0, imported.stderr
    answers = {words: stranger.tries(*words) for words in COMMANDS}
    assert stranger.unharmed()
    assert answers["revert", "--all"].returncode == 0
    assert "imported" in answers["list",].stdout
    assert "imported" in answers["show", D].stdout + answers["show", D].stderr
    assert all("Traceback" not in answer.stderr for answer in answers.values())
    for words in (("revert", D, "--play-unsigned"), ("revert", D, "--by-hand", "nothing")):
        stranger.tries(*words)
    assert stranger.unharmed()
