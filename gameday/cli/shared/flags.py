"""Options that several commands share, as types for Typer, with the same help everywhere."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from gameday.conduct.drill.options import DrillOptions

Json = Annotated[bool, typer.Option("--json", help="Print data as JSON on stdout.")]
Yes = Annotated[
    bool, typer.Option("--yes", help="Do not ask for confirmation before touching a shared environment.")
]
AcceptNoLease = Annotated[
    bool,
    typer.Option(
        "--accept-no-lease",
        help="Run without a lease: you make sure that no other host starts a drill there.",
    ),
]
AcceptLocalKeeper = Annotated[
    bool,
    typer.Option("--accept-local-keeper", help="Hold the fault although only this host could revert it."),
]

ACCEPTED_RISKS: dict[str, Any] = {"accept_no_lease": AcceptNoLease, "accept_local_keeper": AcceptLocalKeeper}
"""Options that every command which starts drills takes, by their field of `DrillOptions`."""


def takes_drill_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of ACCEPTED_RISKS; it gets them as one value, its parameter `drill`.

    Typer reads a command's signature: the wrapper shows it the options in the place of `drill`.
    """

    @functools.wraps(command)
    def wrapper(**arguments: Any) -> None:
        from gameday.conduct.drill.options import DrillOptions  # noqa: PLC0415  # no help page needs it

        accepted = {name: arguments.pop(name) for name in ACCEPTED_RISKS}
        command(drill=DrillOptions(**accepted), **arguments)

    # Commands import DrillOptions for types only: Typer never sees that parameter.
    hints = get_type_hints(command, localns={"DrillOptions": object}, include_extras=True)
    own = inspect.signature(command).parameters
    kept = [p.replace(annotation=hints[name]) for name, p in own.items() if name != "drill"]
    kept += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
        for name, option in ACCEPTED_RISKS.items()
    ]
    wrapper.__signature__ = inspect.Signature(kept)  # type: ignore[attr-defined]  # what inspect looks for
    wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in kept}
    return wrapper


def words_of(options: DrillOptions) -> list[str]:
    """Write options as `gameday run` takes them, for a drill in a process of its own."""
    return list(_words(options))


def _words(options: DrillOptions) -> Iterator[str]:
    if options.environment:
        yield from ("--environment", options.environment)
    if options.responder is not None:
        yield from ("--responder", str(options.responder))
    yield from (word for phase in options.phases for word in ("--phase", phase))
    yield from (f"--{name.replace('_', '-')}" for name in ACCEPTED_RISKS if getattr(options, name))
