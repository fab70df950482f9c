"""Kills what takes part in real drills, at random moments, and counts what is left over.

    python bench/kill_matrix.py [--rounds 2] [--seed 1] [--lanes 2] [--record FILE] [--only WHO/PHASE/SIGNAL]

Each kill is a drill of its own: `gameday run` with Locust and a responder script, and a person who writes
notes the whole time. The kill falls at a random moment of its phase. Where no process is left to act, the
next gameday command is started, as a person would. Then these are counted, never by gameday's own account:

  faults   the target reports that its fault is still in force
  orphans  the kernel lists processes of the drill that are alive, services not among them
  dead     services that a rollback or a responder had started, and that are not alive
  left     injectors that the method had left running, and that are alive: by nohup, setsid, an empty
           environment, a double fork
  lost     an acknowledged note, or an event that was seen in the store once, is not there (or there twice);
           the hash chain is broken; or the target's fault went on before its request was stored
  open     the store's row of the drill is not closed
  next     drills that the next command had to bring to their end
  start    seconds from the kill to the first rollback that reached the target, where the fault was in force
           and a process was left to act; in `next`, from the start of the next command

With --no-cgroup the method is followed by descent alone. Then an injector that nobody has seen may be left
where everything dies at once; such cells are named and counted apart.

With --record, each outcome is a line of FILE, and what is there already is not played again. For comparison
the same experiment under plain `chaos run`. Ends with 1 when anything is left or a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path

import stage
import tables
from stage import DIES, LIVES, Notes, Stage, TruthServer, cgroup, descendants, sleepers, title, tree, until

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGSTOP")
PHASES = ("baseline", "inject", "respond", "revert", "verify")
SPANS = {
    "baseline": 3.0,
    "inject": 0.8,
    "respond": stage.HOLD - 0.3,
    "revert": stage.ROLLING,
    "verify": 1.4,
}
"""Seconds of a phase within which the kill falls."""
ROLES = {
    "conductor": ("conductor",),
    "keeper": ("keeper",),
    "chaoslib": ("chaoslib", "standby"),
    "locust": ("locust",),
}
"""Before the fault and after it the standby is the only Chaos Toolkit process."""
VICTIMS = (*ROLES, "responder", "all")
ACT, ACT_STOPPED = 0.5, 5.0
"""Bounds: seconds to the first rollback."""
CHAOS_SPAN = 4.0
CGROUP = True


@dataclass
class Kill:
    """One kill and what it left."""

    key: str
    victim: str
    phase: str
    signal: str
    struck: int = 0
    faults: int = 0
    orphans: int = 0
    services: int = 0
    dead: int = 0
    left: int = 0
    lost: int = 0
    open: int = 0
    next: int = 0
    start: float | None = None
    next_start: float | None = None
    seconds: float = 0.0
    remarks: list[str] = field(default_factory=list)


def strike(kill: Kill, game: Stage) -> float:
    """Send the signal to whoever it is for; give the instant before."""
    if kill.victim == "all":
        # They are what is counted: also what is about to become a service, which would be dead by our hand.
        spared = sleepers(LIVES) | sleepers(DIES) | starting(LIVES)
        pids = [pid for pid in descendants() if b"\0note\0" not in title(pid) and pid not in spared]
    elif kill.victim == "responder":
        pids = [pid for pid in descendants() if title(pid).startswith(b"sleep\x0020")]
    else:
        who = game.process(*ROLES[kill.victim])
        pids = [who.pid] if who else []
    died = time.time()
    for pid in pids:
        try:
            os.kill(pid, getattr(signal, kill.signal))
        except ProcessLookupError:
            continue
        kill.struck += 1
    return died


def starting(seconds: str) -> set[int]:
    """List the shells and wrappers that are about to become, or to start, what sleeps for so many seconds."""
    wanted = f"sleep {seconds}".encode()
    return {pid for pid in descendants() if wanted in title(pid).replace(b"\0", b" ")}


def abandoned(game: Stage) -> bool:
    """Report whether neither conductor nor keeper is left to act, by the kernel's word."""
    looking = [game.process("conductor"), game.process("keeper")]
    return not any(who is not None and not stopped(who.pid) for who in looking)


def stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "T"
    except OSError:
        return True


def one(key: str, victim: str, phase: str, number: str, moment: float) -> Kill:
    """Play one drill, strike in it, and count."""
    kill, began = Kill(key=key, victim=victim, phase=phase, signal=number), time.monotonic()
    with TruthServer() as server, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        game = Stage(Path(folder), server)
        try:
            _play(kill, game, moment)
        except Exception as error:  # noqa: BLE001  # a measurement that failed is shown, not hidden
            kill.remarks.append(f"the measurement failed: {type(error).__name__}: {error}")
            kill.lost += 1
        finally:
            if kill.remarks:
                kill.remarks.append((Path(folder) / "said.txt").read_text(errors="replace")[-400:])
            game.end()
    kill.seconds = round(time.monotonic() - began, 1)
    return kill


def _play(kill: Kill, game: Stage, moment: float) -> None:
    if not game.phase("baseline") or game.ended:
        raise RuntimeError("the drill did not begin")
    notes = Notes(game.space)
    if not game.phase(kill.phase):
        raise RuntimeError(f"the drill did not come to {kill.phase}")
    time.sleep(moment)
    if kill.victim == "all":
        notes.end()
    before = sleepers(LIVES)
    seen, was_on, rolling = {e["id"] for e in game.rows.events()}, game.on, len(game.server.moments)
    died = strike(kill, game)
    over = lambda: game.rows.open() == 0 and game.ended  # noqa: E731
    until(lambda: over() or (abandoned(game) and not until(over, 3.0)), 60.0)
    notes.end()
    if not over():
        kill.next = 1
        came = time.time()
        said = game.command("status")
        if said.returncode or "was abandoned" not in said.stderr:
            kill.remarks.append(f"the next command: {said.returncode} {said.stderr[-300:]}")
        kill.next_start = _since(game, came)
    until(lambda: over() and not game.on and not set(descendants()) - sleepers(LIVES), 10.0)
    _count_services(kill, game, before)
    acting = kill.victim != "responder"  # the drill goes on without it
    if (
        was_on
        and acting
        and kill.struck
        and not kill.next
        and (rolling == 0 or len(game.server.moments) > rolling)
    ):
        kill.start = _since(game, died)
    _count(kill, game, seen | set(notes.kept), notes.kept)


def _count_services(kill: Kill, game: Stage, before: set[int]) -> None:
    """Count the services that must live, and the injectors that must not."""
    alive, left = sleepers(LIVES), sleepers(DIES)
    kill.services, kill.dead, kill.left = len(alive | before), len(before - alive), len(left)
    # What the last rollback action has started was born after the kill.
    if game.server.moments and kill.struck and len(alive) < len(stage.SERVICES):
        kill.dead += len(stage.SERVICES) - len(alive)
    for pid in left:
        kill.remarks.append(f"an injector is left: {title(pid)!r}")


def _since(game: Stage, instant: float) -> float | None:
    """Give the seconds until the first rollback after an instant reached the target."""
    later = [moment.at - instant for moment in game.server.moments if moment.at >= instant]
    return round(later[0], 3) if later else None


def _count(kill: Kill, game: Stage, seen: set[str], kept: list[str]) -> None:
    kill.faults = int(game.on)
    left = [pid for pid in descendants() if pid not in sleepers(LIVES) | sleepers(DIES)]
    kill.orphans = len(left)
    kill.open = game.rows.open()
    stored = [event["id"] for event in game.rows.events()]
    gone = [event for event in seen if stored.count(event) != 1]
    verified = game.command("verify", "last")
    early = _before_its_request(game)
    kill.lost = len(gone) + int(verified.returncode != 0) + early
    kill.remarks += [f"left: {title(pid).replace(bytes(1), b' ').decode()[:90]}" for pid in left]
    kill.remarks += [f"lost: {each}" for each in gone]
    if verified.returncode:
        kill.remarks.append(f"verify: {verified.stderr[-200:]}")
    if len(kept) < 2 and kill.phase != "baseline":
        kill.remarks.append(f"only {len(kept)} notes were taken")


def _before_its_request(game: Stage) -> int:
    """Count the faults that went on before their request was stored."""
    requests = game.rows.events("FaultRequested")
    on = [flip.at for flip in game.server.flips if flip.fault]
    return len(on) if not requests else 0


def peer(number: str, moment: float) -> tuple[bool, int]:
    """Do the same to plain `chaos run`: was the fault left in force, and how many processes."""
    with TruthServer() as server, tempfile.TemporaryDirectory() as folder:
        experiment = stage.made(server.url)
        experiment["method"][-1]["pauses"] = {"after": stage.HOLD}
        Path(folder, "x.json").write_text(json.dumps(experiment))
        chaos = Path(sys.executable).parent / "chaos"
        run = subprocess.Popen(
            [chaos, "run", "x.json"], cwd=folder, stdout=-3, stderr=-3, start_new_session=True
        )
        until(lambda: server.flips, 30)
        time.sleep(moment)
        run.send_signal(getattr(signal, number))
        until(lambda: not descendants(), stage.HOLD + 10.0)
        left = bool(server.flips[-1].fault), len(descendants())
        run.kill()
        run.wait()
    return left


def planned(rounds: int, seed: int, only: str) -> list[tuple[str, str, str, str, float]]:
    """List the kills: each cell once a round. A responder's command runs from the response on."""
    cells = [(who, phase, number) for who in VICTIMS for phase in PHASES for number in SIGNALS]
    cells = [c for c in cells if c[0] != "responder" or c[1] not in ("baseline", "inject")]
    chance = random.Random(seed)
    kills = []
    for count in range(rounds):
        chance.shuffle(cells)
        for who, phase, number in cells:
            moment = chance.uniform(0, SPANS[phase])
            if only in f"{who}/{phase}/{number}":
                kills.append((f"{seed}.{count}/{who}/{phase}/{number}", who, phase, number, moment))
    return kills


def lanes_of(count: int) -> ProcessPoolExecutor:
    """Give processes that adopt what is left behind, and have no other descendants."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=tree.become_subreaper)


def play(kills: list[tuple[str, str, str, str, float]], lanes: int, record: Path | None) -> list[Kill]:
    """Play kills side by side, each lane a process that adopts what its drills leave behind."""
    done = (
        [Kill(**json.loads(line)) for line in record.read_text().splitlines()]
        if record and record.exists()
        else []
    )
    rest = [each for each in kills if each[0] not in {kill.key for kill in done}]
    with lanes_of(lanes) as pool:
        for future in as_completed([pool.submit(one, *each) for each in rest]):
            kill = future.result()
            done.append(kill)
            if record:
                with record.open("a") as file:
                    file.write(json.dumps(asdict(kill)) + "\n")
            for remark in kill.remarks:
                print(f"{kill.key}: {remark}", file=sys.stderr, flush=True)
            print(f"{len(done)}/{len(rest)} {kill.key} {kill.seconds} s", file=sys.stderr, flush=True)
    return done


def _row(name: str, kills: list[Kill]) -> list[str]:
    figures = [
        sum(getattr(kill, what) for kill in kills)
        for what in ("faults", "orphans", "services", "dead", "left", "lost", "open", "next")
    ]
    return [
        name,
        str(len(kills)),
        *map(str, figures),
        *_times([k.start for k in kills if k.start is not None]),
        *_times([k.next_start for k in kills if k.next_start is not None]),
    ]


def _times(found: list[float]) -> list[str]:
    if not found:
        return ["–", "–"]
    return [f"{tables.percentile(found, 0.5):.3f}", f"{tables.percentile(found, 0.99):.3f}"]


HEAD = (
    "kills",
    "faults",
    "orphans",
    "services",
    "dead",
    "left",
    "lost",
    "open",
    "next",
    "start p50",
    "p99",
    "next p50",
    "p99",
)


def report(kills: list[Kill]) -> None:
    """Print the tables, and check the figures against their bounds."""
    by_victim = [
        (f"{who} {number}", [k for k in kills if (k.victim, k.signal) == (who, number)])
        for who in VICTIMS
        for number in SIGNALS
    ]
    tables.show(
        "by victim and signal", ("", *HEAD), [_row(name, found) for name, found in by_victim if found]
    )
    tables.show(
        "by phase",
        ("", *HEAD),
        [_row(p, [k for k in kills if k.phase == p]) for p in PHASES] + [_row("all", kills)],
    )
    died = [k.start for k in kills if k.start is not None and k.signal != "SIGSTOP"]
    halted = [k.start for k in kills if k.start is not None and k.signal == "SIGSTOP"]
    missed = [k for k in kills if k.struck == 0]
    where = sorted({k.key.partition("/")[2] for k in missed})
    print(f"{len(missed)} of {len(kills)} kills found nobody: {where}")
    bounds = [
        (what, sum(getattr(k, what) for k in kills), "<=", 0)
        for what in ("faults", "orphans", "dead", "lost", "open")
    ]
    # Without a cgroup nobody may have seen an injector when everything dies at once: named, no bound.
    unseen = [k for k in kills if k.left and k.victim == "all" and k.signal == "SIGKILL" and not CGROUP]
    print(f"load average {os.getloadavg()[0]:.1f}; a cgroup is {'used' if CGROUP else 'not used'}")
    print(
        f"injectors left where nobody can know of them: {sorted({k.key.partition('/')[2] for k in unseen})}"
    )
    bounds.append(("left", sum(k.left for k in kills if k not in unseen), "<=", 0))
    if died:
        bounds.append(("seconds to the first rollback, p99", tables.percentile(died, 0.99), "<=", ACT))
    if halted:
        bounds.append(("the same after SIGSTOP", tables.percentile(halted, 0.99), "<=", ACT_STOPPED))
    tables.finish(bounds)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--peers", type=int, default=4)
    parser.add_argument("--most", type=int, default=210, help="so many of them; --record goes on")
    parser.add_argument("--only", default="")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--no-cgroup", action="store_true", help="follow the method by descent alone")
    given = parser.parse_args()
    # Under nohup the drills would ignore SIGHUP, as they should, and the kills by it would be none.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if given.no_cgroup:
        os.environ[cgroup.SWITCH] = "off"  # the lanes are started by this process
    global CGROUP  # noqa: PLW0603
    CGROUP = not cgroup.usable()
    kills = play(planned(given.rounds, given.seed, given.only)[: given.most], given.lanes, given.record)
    chance = random.Random(given.seed)
    rows = []
    with lanes_of(1) as pool:
        for number in SIGNALS if given.peers else ():
            asked = [pool.submit(peer, number, chance.uniform(0, CHAOS_SPAN)) for _ in range(given.peers)]
            left = [each.result() for each in asked]
            figures = (len(left), sum(on for on, _ in left), sum(count for _, count in left))
            rows.append([f"chaos run {number}", *map(str, figures)])
    tables.show("plain chaos run", ("", "kills", "faults", "orphans"), rows)
    report(kills)


if __name__ == "__main__":
    main()
