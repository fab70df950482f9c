"""`gameday policy check`: prints every verdict of the environment's policy on a scenario, with its reason.

Nothing is started, brought up or changed; clusters and accounts are only asked for their identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gameday.cli.shared import help_groups, output
from gameday.conduct.drill.options import DrillOptions
from gameday.core import visible
from gameday.core.errors import ExitCode

if TYPE_CHECKING:
    from gameday.core.policy import Facts, Policy, Verdict
    from gameday.wiring import Prepared

SCHEMA = 1
"""Version of what `--json` prints."""

app = typer.Typer(cls=help_groups.Commands, no_args_is_help=True)


@app.callback()
def policy() -> None:
    """Check what the policies allow, and why."""


@app.command()
def check(
    scenario: Annotated[Path, typer.Argument(help="The scenario file.")],
    *,
    environment: Annotated[str, typer.Option(help="The environment to use. (default: the scenario's)")] = "",
    responder: Annotated[
        Path | None, typer.Option(help="The responder script that will play, which an approval covers.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print data as JSON on stdout.")] = False,
) -> None:
    """Check whether a scenario may start now under its environment's policy. Starts nothing."""
    import asyncio  # noqa: PLC0415  # what a command needs is loaded when it runs

    from gameday import wiring  # noqa: PLC0415
    from gameday.core import policy as judging  # noqa: PLC0415
    from gameday.core.values import Mode  # noqa: PLC0415

    space = wiring.workspace(scenario)
    options = DrillOptions(environment=environment, mode=Mode.TRAIN.value, responder=responder)
    prepared = wiring.prepare(space, scenario, options)
    rules = prepared.planned.rules or judging.LOOPBACK
    facts = asyncio.run(_facts(space.root, prepared, rules))
    verdicts = judging.check(rules, facts)
    (_print_json if json else _print)(prepared, facts, verdicts)
    raise typer.Exit(ExitCode.PASSED if judging.allows(verdicts) else ExitCode.INCONCLUSIVE)


async def _facts(root: Path, prepared: Prepared, rules: Policy) -> Facts:
    from gameday import wiring  # noqa: PLC0415
    from gameday.conduct.drill import policy_check as gathering  # noqa: PLC0415
    from gameday.system import clock  # noqa: PLC0415

    policy_sources = wiring.policy_sources(root)
    scenario, base_url = prepared.planned.scenario, prepared.base_url
    return await gathering.facts(
        scenario,
        rules,
        policy_sources,
        now=clock.now(),
        base_url=base_url,
        hashes=prepared.planned.hashes,
    )


def _print_json(prepared: Prepared, facts: Facts, verdicts: Sequence[Verdict]) -> None:
    output.data_json(
        {
            "schema": SCHEMA,
            "scenario": prepared.planned.scenario.scenario,
            "environment": prepared.planned.environment,
            "allowed": all(verdict.allowed for verdict in verdicts),
            "fingerprint": facts.fingerprint,
            "parts": dict(facts.parts),
            "verdicts": [
                {
                    "rule": verdict.rule,
                    "allowed": verdict.allowed,
                    "subject": verdict.subject,
                    "why": verdict.why,
                    "hint": verdict.hint,
                }
                for verdict in verdicts
            ],
        }
    )


def _print(prepared: Prepared, facts: Facts, verdicts: Sequence[Verdict]) -> None:
    """Print each distinct verdict once, refusals first."""
    different = dict.fromkeys(sorted(verdicts, key=lambda verdict: verdict.allowed))
    for verdict in different:
        word = "allowed" if verdict.allowed else "REFUSED"
        # On one line: a break within a URL must not look like another verdict.
        what = visible.line(f"{verdict.subject} ({verdict.why})")
        output.data(f"{word}  {verdict.rule:<17} {what}")
        if verdict.hint:
            output.data(f"{'':27}hint: {verdict.hint}")
    refused = sum(not verdict.allowed for verdict in different)
    planned = prepared.planned
    where = f"{planned.scenario.scenario} on {planned.environment}"
    if planned.rules is None:
        output.talk(f"{planned.environment} has no policy: only loopback addresses are allowed")
    output.talk(f"{where}: {f'{refused} refused' if refused else 'may start'}")
    output.talk(f"fingerprint for approvals: {facts.fingerprint}")
    if planned.rules is not None and planned.rules.protected:
        _print_approval(planned.rules, facts)


def _print_approval(rules: Policy, facts: Facts) -> None:
    """Print what another person adds to the file of approvals."""
    from gameday.formats.settings import approvals  # noqa: PLC0415

    output.talk(f"to approve, another person adds to {rules.approvals_file}:")
    output.data(approvals.encode(facts.fingerprint, facts.parts))
