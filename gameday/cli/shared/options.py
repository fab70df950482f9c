"""Options that several commands have, with the same words everywhere.

Comes in, goes out: types for Typer. Does not: import what a command needs.
"""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print data as JSON on stdout.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before touching a shared environment.")]
AcceptNoLease = Annotated[
    bool, typer.Option("--accept-no-lease", help="I see to it that no other host starts a drill there.")
]
AcceptLocalKeeper = Annotated[
    bool,
    typer.Option("--accept-local-keeper", help="Hold a fault although only this host could revert it."),
]
