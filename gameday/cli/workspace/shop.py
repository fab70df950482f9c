"""`gameday shop …`: brings the embedded shop up and down, applies mitigations, and shows its state.

The commands of the mitigations are made from `shop.mitigations`. All other imports of the shop are inside the
commands: `gameday --help` must not pay for them.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import typer

from gameday.cli.shared import help_groups, output
from gameday.cli.shared.flags import Json
from gameday.shop import actions, mitigations

app = typer.Typer(cls=help_groups.Commands, no_args_is_help=True)
index = typer.Typer(help="Create or drop indexes of the database.", no_args_is_help=True)
breaker = typer.Typer(help="Open or close circuit breakers of the shop's dependencies.", no_args_is_help=True)
app.add_typer(index, name="index")
app.add_typer(breaker, name="breaker")


class Switch(StrEnum):
    """A flag's state."""

    ON = "on"
    OFF = "off"


def _show(status: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.data(json.dumps(status))
        return
    replicas = ", ".join(
        f"{replica['name']} {'up' if replica['up'] else 'DEAD'}" for replica in status["replicas"]
    )
    flags = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in status["flags"].items())
    indexes = ", ".join(
        f"{name} {'in place' if exists else 'none'}" for name, exists in status["indexes"].items()
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
        output.data(f"{name:<13} {value}")


@app.command()
def up(
    port_base: Annotated[
        int,
        typer.Option(
            help="Port of the edge; admin and control use the next two. 0: any free ports.", min=0, max=65533
        ),
    ] = 8080,
    replicas: Annotated[int, typer.Option(help="How many replicas.", min=1, max=6)] = 2,
    restart_crashed: Annotated[
        bool,
        typer.Option(help="Restart crashed replicas automatically; off by default, so that people must act."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Start the shop unless it is running, and print its addresses."""
    from gameday.shop import lifecycle  # noqa: PLC0415

    _show(lifecycle.up(port_base=port_base, replicas=replicas, restart_crashed=restart_crashed), as_json)


@app.command()
def down() -> None:
    """Stop the shop."""
    from gameday.shop import lifecycle  # noqa: PLC0415

    output.data("down" if lifecycle.down() else "the shop was not running")


@app.command()
def status(as_json: Json = False) -> None:
    """Print the shop's current state."""
    from gameday.shop import client  # noqa: PLC0415

    _show(client.get("/status"), as_json)


def _annotation(argument: actions.Argument) -> Any:
    kind = Switch if argument.kind is bool else argument.kind
    return Annotated[kind, typer.Argument(help=argument.help)] if argument.help else kind


def _callback(action: actions.Action, command: actions.Command) -> Callable[..., None]:
    """Make the function of a command, with the signature from which Typer makes arguments and help."""
    arguments = [each for each in action.arguments if each.name not in command.fixed]
    parameters = {argument.label or argument.name: argument for argument in arguments}

    def perform(**given: Any) -> None:
        from gameday.shop import client  # noqa: PLC0415

        values = {
            argument.name: given[label] is Switch.ON if argument.kind is bool else given[label]
            for label, argument in parameters.items()
        }
        outcome = client.perform(action.name, **values, **command.fixed)
        output.data(f"{outcome['action']}: {'done' if outcome['changed'] else 'no change'}")

    perform.__doc__ = command.help
    perform.__annotations__ = {label: _annotation(argument) for label, argument in parameters.items()}
    signature = [
        inspect.Parameter(
            label,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if argument.default is None else argument.default,
            annotation=perform.__annotations__[label],
        )
        for label, argument in parameters.items()
    ]
    perform.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]  # inspect's own protocol
    return perform


def _add_mitigations() -> None:
    groups = {"index": index, "breaker": breaker}
    for action in mitigations.MITIGATIONS.values():
        for command in action.commands:
            group, _, name = command.words.rpartition(" ")
            groups.get(group, app).command(name)(_callback(action, command))


_add_mitigations()


@app.command()
def trail(
    after: Annotated[int, typer.Option(help="Show only actions after this number.")] = 0,
    as_json: Json = False,
) -> None:
    """List the actions taken on the shop, and by whom."""
    from gameday.shop import client  # noqa: PLC0415

    answer = client.get(f"/trail?after={after}")
    if as_json:
        output.data(json.dumps(answer))
        return
    for action in answer["actions"]:
        output.data(f"{action['seq']:>4}  {action['at']}  {action['actor']}  {action['action']}")


@app.command()
def alerts(as_json: Json = False) -> None:
    """List the firing alerts."""
    from gameday.shop import client  # noqa: PLC0415

    answer = client.get("/alerts")
    if as_json:
        output.data(json.dumps(answer))
        return
    for alert in answer["alerts"]:
        labels, notes = alert["labels"], alert["annotations"]
        since = notes["condition_since"]
        output.data(f"{labels['severity']}  {labels['alertname']}  since {since}  {notes['summary']}")
    if not answer["alerts"]:
        output.data("no alert is firing")


@app.command()
def logs(lines: Annotated[int, typer.Option("--lines", "-n", help="How many lines.", min=1)] = 50) -> None:
    """Print the last lines of the shop's logs, one JSON object each."""
    from gameday.shop import client  # noqa: PLC0415

    output.data(client.text(f"/logs?lines={lines}"))
