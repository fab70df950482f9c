"""`gameday shop …`: the embedded shop, brought up and down, and its levers.

Imports stand inside the commands: `gameday --help` must not pay for them.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from gameday.cli.shared import help_groups
from gameday.cli.shared.options import Json

app = typer.Typer(
    help="A small real service to break, and the levers to mend it.",
    cls=help_groups.Commands,
    no_args_is_help=True,
)
index = typer.Typer(help="Indexes of the database.", no_args_is_help=True)
breaker = typer.Typer(help="Circuit breakers of the shop's dependencies.", no_args_is_help=True)
app.add_typer(index, name="index")
app.add_typer(breaker, name="breaker")


class Switch(StrEnum):
    """How a flag can stand."""

    ON = "on"
    OFF = "off"


def _did(answer: dict[str, Any]) -> None:
    typer.echo(f"{answer['action']}: {'done' if answer['changed'] else 'was so already'}")


def _show(status: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(status))
        return
    replicas = ", ".join(f"{each['name']} {'up' if each['up'] else 'DEAD'}" for each in status["replicas"])
    flags = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in status["flags"].items())
    indexes = ", ".join(
        f"{name} {'in place' if there else 'none'}" for name, there in status["indexes"].items()
    )
    rows = {
        "shop": status["base_url"],
        "control": status["control"],
        "healthy": "yes" if status["healthy"] else "NO",
        "release": f"{status['release']} (of {', '.join(status['releases'])})",
        "flags": flags,
        "replicas": replicas,
        "indexes": indexes,
        "breakers": ", ".join(f"{name} {state}" for name, state in status["breakers"].items()),
        "rate limit": f"{status['rate_limit']} requests/s" if status["rate_limit"] else "none",
        "blocked": ", ".join(status["blocked"]) or "nobody",
        "revoked keys": ", ".join(status["revoked_keys"]) or "none",
        "alerts": ", ".join(status["alerts"]) or "none",
    }
    for name, value in rows.items():
        typer.echo(f"{name:<13} {value}")


@app.command()
def up(
    port_base: Annotated[
        int, typer.Option(help="Edge port; admin and control follow. 0: free ports.", min=0, max=65533)
    ] = 8080,
    replicas: Annotated[int, typer.Option(help="How many replicas.", min=1, max=6)] = 2,
    restart_crashed: Annotated[
        bool, typer.Option(help="Start a crashed replica again by itself; off, so that people must act.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the shop up unless it is, and tell where it answers."""
    from gameday.shop import lifecycle  # noqa: PLC0415

    _show(lifecycle.up(port_base=port_base, replicas=replicas, restart_crashed=restart_crashed), as_json)


@app.command()
def down() -> None:
    """Take the shop down."""
    from gameday.shop import lifecycle  # noqa: PLC0415

    typer.echo("down" if lifecycle.down() else "the shop was not up")


@app.command()
def status(as_json: Json = False) -> None:
    """Tell how the shop is."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _show(mitigations.status(), as_json)


@app.command()
def flag(name: str, state: Switch) -> None:
    """Turn a feature flag on or off."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.flag(name, on=state is Switch.ON))


@app.command()
def deploy(release: str) -> None:
    """Deploy a release to all replicas."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.deploy(release))


@app.command()
def rollback() -> None:
    """Go back to the release before."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.rollback())


@app.command()
def restart(replica: Annotated[str, typer.Argument(help="Its name; all without.")] = "") -> None:
    """Restart one replica, or all, one new process for each."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.restart(replica))


@app.command()
def scale(count: int) -> None:
    """Have another number of replicas."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.scale(count))


@index.command("add")
def index_add(name: str) -> None:
    """Create an index."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.add_index(name))


@breaker.command("open")
def breaker_open(name: str) -> None:
    """Stop calling a dependency, and do without it."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.breaker(name, open_=True))


@breaker.command("close")
def breaker_close(name: str) -> None:
    """Call a dependency again."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.breaker(name, open_=False))


@app.command("rate-limit")
def rate_limit(limit: Annotated[int, typer.Argument(help="Requests/s; 0 lets all through.")]) -> None:
    """Let only so many requests/s through at the edge."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.rate_limit(limit))


@app.command()
def block(address: str) -> None:
    """Refuse a client's address (X-Forwarded-For) at the edge."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.block(address))


@app.command()
def unblock(address: str) -> None:
    """Serve a client's address again."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.unblock(address))


@app.command("revoke-key")
def revoke_key(key: str) -> None:
    """Revoke an API key."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.revoke_key(key))


@app.command()
def reset() -> None:
    """Go back to how the shop came up: release, flags, indexes, breakers, limits, replicas."""
    from gameday.shop import mitigations  # noqa: PLC0415

    _did(mitigations.reset())


@app.command()
def trail(
    after: Annotated[int, typer.Option(help="Only actions behind this number.")] = 0, as_json: Json = False
) -> None:
    """List who did what to the shop."""
    from gameday.shop import client  # noqa: PLC0415

    answer = client.get(f"/trail?after={after}")
    if as_json:
        typer.echo(json.dumps(answer))
        return
    for each in answer["actions"]:
        typer.echo(f"{each['seq']:>4}  {each['at']}  {each['actor']}  {each['action']}")


@app.command()
def alerts(as_json: Json = False) -> None:
    """List the alerts that fire."""
    from gameday.shop import client  # noqa: PLC0415

    answer = client.get("/alerts")
    if as_json:
        typer.echo(json.dumps(answer))
        return
    for each in answer["alerts"]:
        labels, notes = each["labels"], each["annotations"]
        since = notes["condition_since"]
        typer.echo(f"{labels['severity']}  {labels['alertname']}  since {since}  {notes['summary']}")
    if not answer["alerts"]:
        typer.echo("no alert fires")


@app.command()
def logs(lines: Annotated[int, typer.Option("--lines", "-n", help="How many.", min=1)] = 50) -> None:
    """Print the last lines of the shop's logs, JSON each."""
    from gameday.shop import client  # noqa: PLC0415

    typer.echo(client.text(f"/logs?lines={lines}"), nl=False)
