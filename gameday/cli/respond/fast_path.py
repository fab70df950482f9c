"""Carries out what responders type during a drill, on a fast path that loads neither Typer nor a model.

A command records one event in the drill's history and confirms it. What counts is the instant at which the
command was started, before any import, so that a slow machine costs nobody time. Nothing here waits for the
conductor, which finds the event in the store.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from gameday.cli.respond import commands, live_drill, sender_clock
from gameday.cli.respond.commands import Asked, Body, Command
from gameday.cli.respond.live_drill import LiveDrill, StoreLocation
from gameday.cli.respond.sender_clock import Dating
from gameday.cli.shared import output
from gameday.cli.shared import times as shared_times
from gameday.cli.shared.field_errors import option_names
from gameday.conduct.drill.response import allowed_commands
from gameday.core import responder_commands
from gameday.core.errors import ExitCode, GamedayError, StoreReadOnly, StoreUnavailable, UsageError
from gameday.core.values import (
    DrillId,
    Instant,
    format_duration,
    format_instant,
    instant,
    parse_instant,
)
from gameday.formats.stored import envelope
from gameday.formats.stored.envelope import Document
from gameday.storage import journal
from gameday.system import clock, ids, known_secrets


def main(argv: Sequence[str], started: float, monotonic: float | None = None) -> int:
    """Carry out one command; give its exit code.

    started, monotonic: when it was started, in seconds since the epoch, and on the monotonic clock.
    """
    began = clock.monotonic() if monotonic is None else monotonic
    try:
        return _main(argv[0], argv[1:], instant(started), began)
    except GamedayError as error:
        return output.failed(error, argv)
    except SystemExit as ended:  # argparse has printed its help
        return int(ended.code or 0)


def _main(name: str, words: Sequence[str], started: Instant, monotonic: float) -> int:
    command = commands.COMMANDS[name]
    # Parsed before the store is opened: a typing mistake is reported without waiting for a lock.
    asked = _parser(name, command).parse_args(shared_times.join_offsets(words))
    where = live_drill.store_location(Path.cwd(), os.environ)
    live = live_drill.find(where, drill=asked.drill, environment=asked.environment)
    try:
        _must_be_allowed(name, asked, live)
        dating = sender_clock.date(live, started, monotonic)
        ending = live.ending
        allowed_commands.must_not_be_ending(name, live.drill, ending=ending)
        event = _event(command, asked, live, dating)
        _store(live, where, event)
        _confirm(command, asked, live, event)
        if ending and name in _JUDGED and not getattr(asked, "at", ""):
            output.warn(f"drill {live.drill} is being ended: this is recorded, and may no longer count")
        if sender_clock.warning(dating):
            output.warn(sender_clock.warning(dating))
    finally:
        live.database.close()
    return ExitCode.PASSED


_JUDGED = frozenset({"ack", "declare", "contained", "recovered"})
"""Statements that the judge dates: those that come after the response's end may come too late."""


class _Help(argparse.HelpFormatter):
    """argparse's own, except that it imports nothing to learn how wide a terminal is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    """Give the width of the terminal, as COLUMNS or stdout's terminal says it, else 80."""
    try:
        return int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        pass
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


class _Parser(argparse.ArgumentParser):
    """argparse with the errors and the help of `gameday`."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"{self.prog} --help")

    def format_help(self) -> str:
        text = super().format_help().replace("usage: ", "Usage: ", 1)
        return text.replace("\npositional arguments:", "\nArguments:").replace("\noptions:", "\nOptions:")


def _parser(name: str, command: Command) -> argparse.ArgumentParser:
    # No abbreviations of options: one that is unique today may not be once there is another.
    parser = _Parser(
        prog=f"gameday {name}",
        description=responder_commands.ALL[name].help,
        allow_abbrev=False,
        add_help=False,
        formatter_class=_Help,
    )
    options = parser.add_argument_group("Common options")
    command.add(parser)
    options.add_argument(
        "--drill", default="", metavar="ID", help="The drill; needed when several are in progress."
    )
    options.add_argument(
        "--environment", default="", metavar="NAME", help="The drill in progress on this environment."
    )
    options.add_argument(
        "--by",
        "--as",
        dest="by",
        default="",
        metavar="NAME",
        help="Who reports it. (default: GAMEDAY_ACTOR, else your login)",
    )
    options.add_argument("--json", action="store_true", help="Print data as JSON on stdout.")
    options.add_argument("--help", action="help", help="Show this message and exit.")
    return parser


def _must_be_allowed(name: str, asked: Asked, live: LiveDrill) -> None:
    facilitators = (live.plan.get("occasion") or {}).get("facilitators") or ()
    allowed_commands.must_be_open(name, live.drill, closed=live.closed)
    with option_names(by="--by NAME or GAMEDAY_ACTOR"):
        allowed_commands.must_facilitate(name, _actor(asked), facilitators)


def _actor(asked: Asked) -> str:
    """Name who types: from --by, from GAMEDAY_ACTOR, else the machine's user."""
    return commands.clean(asked.by) or live_drill.current_viewer(os.environ)


def _event(command: Command, asked: Asked, live: LiveDrill, dating: Dating) -> Document:
    """Build the stored form of the event, with the instants of the conductor's clock."""
    at = getattr(asked, "at", "")
    return envelope.document(
        id=ids.new_event_id(),
        drill=DrillId(live.drill),
        kind=command.kind,
        # Masked here: this path writes to the store without `SqlStore`, which masks otherwise.
        fact=known_secrets.redactor().tree(command.body(asked, live)),
        recorded_at=dating.received,
        # what a person gives with --at counts, whatever clock this host has
        occurred_at=shared_times.parse(at, now=dating.started, begin=live.started) if at else dating.started,
        source="cli",
        by=_actor(asked),
        trusted=dating.trusted or bool(at),
        clock=dating.clock,
    )


def _store(live: LiveDrill, where: StoreLocation, event: Document) -> None:
    """Append the event, or spill it into a file where the store can't take it now."""
    try:
        with live.database.write() as tx:
            journal.append(tx, [event])
        live.nudge()
    except StoreReadOnly:
        raise
    except StoreUnavailable as error:
        from gameday.storage.spill import spill_file  # noqa: PLC0415  # only when it is needed

        spill_file.write(where.artifacts, [event])
        file = spill_file.path(where.artifacts, live.drill)
        output.warn(f"{error.message}; the event is kept in {file} and stored later")


def _confirm(command: Command, asked: Asked, live: LiveDrill, event: Document) -> None:
    body = event["fact"]
    at = parse_instant(event["occurred_at"])
    since = live.started if live.fault_at is None or live.fault_at > at else live.fault_at
    text = format_duration(at - since)
    into = f"drill {live.drill}" if since == live.started else f"the incident (drill {live.drill})"
    shown = live_drill.may_see(live.plan, commands.clean(asked.by), os.environ)
    when = f"{text} into {into}" if shown else f"at {format_instant(at)}"
    output.talk(f"{command.confirm({**vars(asked), **body})}, {when}")
    hint = _hint_text(command, live, body)
    if asked.json:
        recorded = {"drill": live.drill, "event": event["id"], "kind": command.kind, "fact": body}
        times = {"at": format_instant(at), "seconds": round(at - since, 3) if shown else None}
        output.data(json.dumps({**recorded, **times, **({"hint": hint} if hint else {})}))
    elif hint:
        output.data(hint)


def _hint_text(command: Command, live: LiveDrill, body: Body) -> str:
    """Give the text of the hint that was just taken; empty for other commands."""
    if command.kind != "HintTaken":
        return ""
    return str(live.plan["scenario"]["injects"][body["index"]]["hint"])
