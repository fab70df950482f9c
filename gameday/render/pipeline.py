"""A pipeline's drills for CI systems: JUnit XML, a Markdown summary, annotations, code quality, JSON.

Comes in: a `Report`. Goes out: texts. Does not: judge, or know which CI system it runs in.

Annotations are GitHub's workflow commands; their escapes are those of its own toolkit:
https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

from gameday.core.errors import Mistake
from gameday.core.trends import Check, Comparison, Report, Row, Spread
from gameday.core.values import format_duration
from gameday.render import junit_xml, words
from gameday.render.junit_xml import Case, Suite
from gameday.render.markdown import escape, table

SCHEMA = 1
"""Version of what `--json` prints."""

Json = dict[str, Any]


# --- JUnit ---


def junit(report: Report) -> str:
    """Write a suite for each scenario, with a case for the scenario, each objective and each comparison."""
    return junit_xml.document([_suite(row) for row in report.rows], report.seconds)


def _suite(row: Row) -> Suite:
    drills = [ended.told.drill for ended in row.drills if ended.told is not None and ended.told.drill]
    return Suite(
        name=row.scenario,
        cases=tuple(_case(check, row.scenario) for check in row.judgement.checks),
        seconds=sum(ended.seconds for ended in row.drills),
        file=row.file,
        properties={
            "environment": row.environment,
            "verdict": verdict(row),
            "drills": " ".join(drills),
        },
    )


def _case(check: Check, scenario: str) -> Case:
    name = f"scenario {scenario}" if check.name == "scenario" else check.name
    return Case(name=name, state=_state(check), message=check.said, seconds=check.seconds)


def _state(check: Check) -> str:
    """A failure is a verdict on the system; an error says that there could be none."""
    if check.skipped and check.code == 0:
        return "skipped"
    return {0: "passed", 1: "failure"}.get(check.code, "error")


# --- Markdown ---


def verdict(row: Row) -> str:
    """Say a scenario's verdict in a word or a few."""
    told = row.judgement.code.word
    return f"flaky: {told}" if row.judgement.flaky else told


def markdown(report: Report) -> str:
    """Write a summary: a table of all scenarios, then what did not pass, with its figures."""
    passed = sum(row.judgement.code == 0 for row in report.rows)
    count = f"{passed} of {len(report.rows)} scenarios passed, in {format_duration(report.seconds)}."
    lines = [f"# Drills: {escape(report.code.word)}", "", count, ""]
    if report.stopped:
        lines += [f"> **Ended early:** {escape(report.stopped)}", ""]
    head = ("Scenario", "Environment", "Verdict", "Points", "Detect", "Contain", "Recover")
    lines += table(
        head, ([escape(row.scenario), escape(row.environment), *_cells(row)] for row in report.rows)
    )
    for row in report.rows:
        lines += _section(row)
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str]:
    found = {spread.name: spread for spread in row.judgement.spreads}
    figures = [_figure(found.get(name)) for name in ("points", "detect", "contain", "recover")]
    return [f"{'✓' if row.judgement.code == 0 else '✗'} {escape(verdict(row))}", *figures]


def _figure(spread: Spread | None) -> str:
    return _written(spread.name, spread.median) if spread else words.NONE


def _written(name: str, value: float) -> str:
    if math.isinf(value):
        return "not reached"
    return f"{value:.1f}" if name == "points" else format_duration(value)


def _section(row: Row) -> Iterator[str]:
    wrong = [check for check in row.judgement.checks if check.code != 0]
    repeated = len(row.drills) > 1
    if not wrong and not repeated and not row.judgement.comparisons:
        return
    yield from ("", f"## {escape(row.scenario)}", "")
    for check in wrong:
        first, *rest = check.said.splitlines() or [""]
        yield f"- **{escape(check.name)}**: {escape(first)}"
        yield from (f"  - {escape(line)}" for line in rest)
    if repeated:
        yield from _distribution(row)
    if row.judgement.comparisons:
        yield from _comparisons(row)


def _distribution(row: Row) -> Iterator[str]:
    passed = row.judgement.codes.count(0)
    yield from ("", f"{passed} of {len(row.drills)} drills passed.", "")
    rows = (
        (one.name, str(len(one.values)), *(_written(one.name, v) for v in (one.low, one.median, one.high)))
        for one in row.judgement.spreads
    )
    yield from table(("Figure", "Drills", "Least", "Median", "Most"), rows)


def _comparisons(row: Row) -> Iterator[str]:
    if row.judgement.code != 0 or len(row.drills) > 1:
        yield ""
    head = ("Time", "Now", "Before", "Ratio", "Noise up to", "Verdict")
    yield from table(head, (_compared(one) for one in row.judgement.comparisons))


def _compared(one: Comparison) -> tuple[str, ...]:
    ratio = words.NONE if one.ratio is None else f"{one.ratio:.2f}"
    noise = f"{one.limit:.2f} (log-sd {one.sd:.2f}{', assumed' if one.assumed else ''})"
    return (
        one.name,
        f"{_median(one.now)} (of {len(one.now)})",
        f"{_median(one.before)} (of {len(one.before)})",
        ratio,
        noise,
        "worse" if one.worse else "not worse",
    )


def _median(values: tuple[float, ...]) -> str:
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    return _written("time", middle)


# --- annotations ---


def annotate(report: Report) -> Iterator[str]:
    """Give a workflow command for each check that did not pass, and each mistake in a file, at its place."""
    for row in report.rows:
        mistakes = {m for ended in row.drills if ended.told for m in ended.told.mistakes}
        yield from (annotation(mistake) for mistake in sorted(mistakes))
        for check in row.judgement.checks:
            if check.code != 0:
                line = row.lines.get(check.name, 1)
                yield _command(row.file, line, 1, f"{row.scenario}: {check.name}", check.said)


def annotation(mistake: Mistake) -> str:
    """Give the workflow command of a mistake in a file."""
    said = f"{mistake.message}\nhint: {mistake.hint}" if mistake.hint else mistake.message
    return _command(mistake.file, mistake.line, mistake.column, "gameday validate", said)


def _command(file: str, line: int, column: int, title: str, said: str) -> str:
    where = f"file={_property(file)},line={line},col={column},title={_property(title)}"
    return f"::error {where}::{_data(said)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


# --- code quality ---


def code_quality(report: Report) -> list[Json]:
    """Give what did not pass as GitLab's code-quality report.

    Its fields: https://docs.gitlab.com/ci/testing/code_quality. The fingerprint stays the same from run to
    run, so that a merge request shows what is new.
    """
    return [
        {
            "description": f"{row.scenario}: {check.name}: {check.said}",
            "check_name": f"gameday {check.name}",
            "fingerprint": hashlib.sha256(f"{row.file}:{row.scenario}:{check.name}".encode()).hexdigest(),
            "severity": "major" if check.code == 1 else "critical",
            "location": {"path": row.file, "lines": {"begin": row.lines.get(check.name, 1)}},
        }
        for row in report.rows
        for check in row.judgement.checks
        if check.code != 0
    ]


# --- JSON ---


def encode(report: Report) -> Json:
    """Encode a report; a time that was not reached is null."""
    return {
        "schema": SCHEMA,
        "exit_code": report.code,
        "verdict": report.code.word,
        "stopped": report.stopped or None,
        "seconds": round(report.seconds, 3),
        "scenarios": [_row(row) for row in report.rows],
    }


def _row(row: Row) -> Json:
    judgement = row.judgement
    return {
        "scenario": row.scenario,
        "file": row.file,
        "environment": row.environment,
        "exit_code": judgement.code,
        "verdict": judgement.code.word,
        "flaky": judgement.flaky,
        "drills": [
            {
                "drill": (ended.told.drill or None) if ended.told else None,
                "exit_code": code,
                "seconds": round(ended.seconds, 3),
                "folder": ended.folder or None,
            }
            for ended, code in zip(row.drills, judgement.codes, strict=True)
        ],
        "checks": [
            {"check": check.name, "state": _state(check), "said": check.said} for check in judgement.checks
        ],
        "distribution": {one.name: _spread(one) for one in judgement.spreads},
        "baseline": {one.name: _comparison(one) for one in judgement.comparisons},
    }


def _spread(one: Spread) -> Json:
    return {
        "values": [_finite(value) for value in one.values],
        "least": _finite(one.low),
        "median": _finite(one.median),
        "most": _finite(one.high),
    }


def _comparison(one: Comparison) -> Json:
    return {
        "now": [_finite(value) for value in one.now],
        "before": [_finite(value) for value in one.before],
        "ratio": _finite(one.ratio),
        "noise_up_to": round(one.limit, 6),
        "log_sd": round(one.sd, 6),
        "assumed": one.assumed,
        "worse": one.worse,
    }


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else round(value, 6)
