"""Another Unix user types a command in a workspace whose files are not theirs: words, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from gameday import wiring
from gameday.core.values import DrillId, EventId
from gameday.formats.stored import events as stored_events
from gameday.storage.spill import spill_file
from gameday.testing.histories import DRILL, Game
from tests.paths import ROOT
from tests.settings import space


def readable_by_all(path: Path) -> bool:
    """Whether another user can read what lies below a folder."""
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (path, *path.parents))


pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
    pytest.mark.skipif(
        not (readable_by_all(ROOT) and readable_by_all(Path(sys.prefix))),
        reason="another user can't read this clone, or its virtual environment",
    ),
]
UID = 54321
COMMANDS = (
    ["ack"], ["abort"], ["note", "x"], ["status"], ["list"], ["show"], ["score"], ["postmortem"], ["verify"],
    ["revert", "--all"], ["review", "--answer", "cause=x"], ["export", "last", "out.gameday"], ["plan", "show"],
    ["schedule", "list"], ["calendar"], ["run", "scenarios/slow.yaml", "--yes"], ["validate"],
)  # fmt: skip
CODE = """
import contextlib, io, json, os, sys
from gameday import __main__ as cli
from gameday.cli.drill import live_status, show_judged
from gameday.cli.shared import guard
commands, uid = json.loads(sys.argv[1]), int(sys.argv[2])
for words in commands:  # load what they need: another user may not read this interpreter's files
    sys.argv = ["gameday", *words]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        with contextlib.suppress(BaseException):
            cli._command()
ended = []
for words in commands:
    sys.argv, (read, write) = ["gameday", *words], os.pipe()
    child = os.fork()
    if not child:
        os.dup2(write, 1), os.dup2(write, 2), os.close(read), os.close(write)
        os.setgroups([]), os.setresgid(uid, uid, uid), os.setresuid(uid, uid, uid)
        os._exit(guard.run(cli._command, words))
    os.close(write)
    said = open(read, errors="replace").read()
    ended.append([words, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said])
json.dump(ended, sys.stdout)
"""


@pytest.fixture(scope="module")
def ours():
    """A folder that everybody may enter. Not pytest's own: its next session closes that to others again."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def root(ours):
    made = space.make(ours / "owned")
    store = wiring.workspace_store(wiring.workspace(made))
    store.append(*Game().fault(at=10).ack(at=20).over(at=80).history().events)
    store.close()
    wiring.write_reports(wiring.workspace(made), wiring.workspace_store(wiring.workspace(made)), DRILL)
    made.chmod(0o755)
    return made


def share(folder: Path) -> None:
    """Do what docs/how-to/team.md says once, with the other user's own group."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, -1, UID)
        path.chmod(0o2770 if path.is_dir() else 0o660)


def with_a_new_drill(root: Path) -> None:
    """Make another drill, with a spill that waits for the store, and its files."""
    workspace = wiring.workspace(root)
    store = wiring.workspace_store(workspace)
    first = Game().fault(at=10).ack(at=20).over(at=80).history().events
    events = [replace(event, id=EventId(f"{event.id}-2"), drill=DrillId("d2")) for event in first]
    store.append(*events)
    spill_file.write(root / ".gameday" / "drills", [stored_events.encode(events[-1])])
    wiring.write_reports(workspace, store, DrillId("d2"))
    store.close()


@pytest.mark.parametrize("rights", ["nothing", "read", "group"])
def test_every_command_is_answered_in_words(ours, root, rights):
    folders, files = (0o755, 0o644) if rights == "read" else (0o700, 0o600)
    for path in (root / ".gameday", *(root / ".gameday").rglob("*")):
        path.chmod(folders if path.is_dir() else files)
    if rights == "group":
        share(root / ".gameday")
        with_a_new_drill(root)
    state = ours / f"state-{rights}"
    state.mkdir()
    os.chown(state, UID, UID)
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(COMMANDS), str(UID)],
        cwd=root,
        env={**os.environ, "XDG_STATE_HOME": str(state), "HOME": str(state)},
        capture_output=True,
        text=True,
        check=True,
    )
    for words, code, said in json.loads(done.stdout):
        assert "Traceback" not in said, (words, said)
        assert "gameday's own error" not in said, (words, said)
        assert code in {0, 1, 2, 5}, (words, code, said)
        if rights == "nothing" and words[0] in {"ack", "list", "show", "status"}:
            assert (code, "docs/how-to/team.md" in said) == (5, True), (words, said)
        if rights != "nothing" and words[0] in {"list", "show", "status", "verify"}:
            assert code == 0, (words, said)
            assert rights == "read" or "spill" not in said, (words, said)
        if rights == "group" and words[0] == "postmortem":
            assert code == 0, (words, said)
        if rights == "read" and words[0] == "review":
            assert (code, "may only be read by this user" in said) == (5, True), (words, said)
