"""`gameday store`: migrates the store's tables, and copies a store to another database.

Which store the workspace uses does not change: that is set in gameday.toml, by a person.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import Annotated

import typer

from gameday.cli.shared import help_groups, output
from gameday.cli.shared.flags import Json
from gameday.core.errors import UsageError

app = typer.Typer(cls=help_groups.Commands, no_args_is_help=True)

Url = "The store's URL (docs/how-to/store.md has its forms), or env:NAME for a variable that holds it"


@app.command()
def migrate(
    *,
    to: Annotated[
        int,
        typer.Option(
            help="The schema version. (default: the one that this gameday uses)", show_default=False
        ),
    ] = -1,
    store: Annotated[str, typer.Option(help=f"{Url}. (default: the workspace's store)")] = "",
    json: Json = False,
) -> None:
    """Migrate the store's tables up or down to a version, completely or not at all."""
    url = _url(store)
    from gameday import storage  # noqa: PLC0415  # not for help pages

    before, after = storage.migrate(url, None if to == -1 else to)
    if json:
        output.data_json({"before": before, "after": after})
    elif before == after:
        output.talk(f"the store already has schema {after}")
    else:
        output.talk(f"migrated the store from schema {before} to {after}")


@app.command()
def copy(
    *,
    to: Annotated[str, typer.Option(help=f"{Url}.")],
    from_: Annotated[str, typer.Option("--from", help=f"{Url}. (default: the workspace's store)")] = "",
    json: Json = False,
) -> None:
    """Copy all histories and schedules to another store, and verify them. Safe to repeat."""
    from gameday import storage  # noqa: PLC0415
    from gameday.storage import copying  # noqa: PLC0415

    source, target = _url(from_), _url(to)
    if source == target:
        raise UsageError("source and target are the same store")
    if not from_:
        _store_spilled_events()
    with (
        closing(storage.open_executor(source, create=False)) as one,
        closing(storage.open_executor(target)) as other,
    ):
        copied = copying.copy(one, other)
    if json:
        output.data_json({name: getattr(copied, name) for name in copied.__slots__})
        return
    output.talk(
        f"{copied.drills} drills ({copied.events} events, {copied.load} batches of load) and "
        f"{copied.schedules} schedules are in the target, hash chains intact; {copied.new} rows were new"
    )
    output.hint("to use it, set [store] url in gameday.toml, or GAMEDAY_STORE_URL")


def _store_spilled_events() -> None:
    """Store the events that were spilled into files while the workspace's store was unavailable."""
    from gameday import wiring  # noqa: PLC0415

    with closing(wiring.workspace_store(wiring.workspace())) as store:
        if why := store.degraded():
            raise UsageError(f"some events are not in this store yet: {why}", hint="gameday status")


def _url(given: str) -> str:
    """Give the URL that was typed, that of a variable, or the workspace's own."""
    from gameday import wiring  # noqa: PLC0415

    if not given:
        return wiring.workspace().store_url
    name = given.removeprefix("env:")
    if name == given:
        _learn(given)
        return given
    if name not in os.environ:
        raise UsageError(f"the variable {name} is not set")
    _learn(os.environ[name])
    return os.environ[name]


def _learn(url: str) -> None:
    """Keep a URL's password out of everything that is printed."""
    from gameday.formats import redaction  # noqa: PLC0415
    from gameday.system import known_secrets  # noqa: PLC0415

    known_secrets.redactor().learn(redaction.in_urls([url]))
