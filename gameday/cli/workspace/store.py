"""`gameday store`: where histories are kept, moved to another database or another version of its tables.

Comes in: URLs, a version. Goes out: a migrated store; a second store with the same content.
Does not: change which store the workspace uses: gameday.toml says that, and a person changes it.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import Annotated

import typer

from gameday import storage
from gameday.cli.shared import help_groups, output
from gameday.cli.shared.options import Json
from gameday.core.errors import UsageError
from gameday.storage import urls

app = typer.Typer(
    help="The store: migrate it, copy it to another database.", cls=help_groups.Commands, no_args_is_help=True
)

Url = f"{urls.FORMS}, or env:NAME for a variable that holds it"


@app.command()
def migrate(
    *,
    to: Annotated[int, typer.Option(help="A version of the tables; else this gameday's own.")] = -1,
    store: Annotated[str, typer.Option(help=f"{Url}; else the workspace's own.")] = "",
    json: Json = False,
) -> None:
    """Bring the store's tables to a version, up or down, whole or not at all."""
    url = _url(store)
    before, after = storage.migrate(url, None if to == -1 else to)
    if json:
        output.data_json({"before": before, "after": after})
    elif before == after:
        output.talk(f"the store has schema {after} already")
    else:
        output.talk(f"the store had schema {before} and has schema {after}")


@app.command()
def copy(
    *,
    to: Annotated[str, typer.Option(help=Url)],
    from_: Annotated[str, typer.Option("--from", help=f"{Url}; else the workspace's own.")] = "",
    json: Json = False,
) -> None:
    """Copy every history and schedule into another store, checked by their hash chains; may be run again."""
    from gameday.storage import copying  # noqa: PLC0415

    source, target = _url(from_), _url(to)
    if source == target:
        raise UsageError("source and target are the same store")
    if not from_:
        _take_in_what_lies_beside()
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
        f"{copied.schedules} schedules are in the target, their chains hold; {copied.new} rows were new"
    )
    output.hint("set [store] url in gameday.toml, or GAMEDAY_STORE_URL, to use it from now on")


def _take_in_what_lies_beside() -> None:
    """Store what was kept beside the workspace's store while it was away."""
    from gameday import wiring  # noqa: PLC0415

    with closing(wiring.workspace_store(wiring.workspace())) as store:
        if why := store.degraded():
            raise UsageError(f"something of this store still lies beside it: {why}", hint="gameday status")


def _url(given: str) -> str:
    """Give the URL that was written, that of a variable, or the workspace's own."""
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
