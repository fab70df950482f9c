"""A pipeline's drills for CI systems: JUnit XML, a Markdown summary, annotations, code quality, JSON.

Nothing is judged here, and nothing depends on which CI system it is. Annotations are GitHub's workflow
commands; their escapes are those of its own toolkit:
https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

from gameday.core.errors import ExitCode, Mistake
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
    results = [drill.result for drill in row.drills if drill.result is not None]
    return Suite(
        name=row.scenario,
        cases=tuple(_case(check, row.scenario) for check in row.judgement.checks),
        seconds=sum(drill.seconds for drill in row.drills),
        file=row.file,
        properties={
            "environment": row.environment,
            "verdict": verdict(row),
            "drills": " ".join(result.drill for result in results if result.drill),
        },
    )


def _case(check: Check, scenario: str) -> Case:
    name = f"scenario {scenario}" if check.name == "scenario" else check.name
    return Case(name=name, state=_state(check), message=check.detail, seconds=check.seconds)


def _state(check: Check) -> str:
    """Give the state: a failure is a verdict on the system; an error means that there is no verdict."""
    if check.skipped and check.code == ExitCode.PASSED:
        return "skipped"
    return {ExitCode.PASSED: "passed", ExitCode.FAILED: "failure"}.get(check.code, "error")


# --- Markdown ---


def verdict(row: Row) -> str:
    """Write a scenario's verdict in a few words."""
    word = row.judgement.code.word
    return f"flaky: {word}" if row.judgement.flaky else word


def markdown(report: Report) -> str:
    """Write a summary: a table of all scenarios, then what did not pass, with its figures."""
    passed = sum(row.judgement.code == ExitCode.PASSED for row in report.rows)
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
    by_name = {spread.name: spread for spread in row.judgement.spreads}
    figures = [_figure(by_name.get(name)) for name in ("points", "detect", "contain", "recover")]
    return [f"{'✓' if row.judgement.code == ExitCode.PASSED else '✗'} {escape(verdict(row))}", *figures]


def _figure(spread: Spread | None) -> str:
    return _written(spread.name, spread.median) if spread else words.NONE


def _written(name: str, value: float) -> str:
    if math.isinf(value):
        return "not reached"
    return f"{value:.1f}" if name == "points" else format_duration(value)


def _section(row: Row) -> Iterator[str]:
    wrong = [check for check in row.judgement.checks if check.code != ExitCode.PASSED]
    repeated = len(row.drills) > 1
    if not wrong and not repeated and not row.judgement.comparisons:
        return
    yield from ("", f"## {escape(row.scenario)}", "")
    for check in wrong:
        first, *rest = check.detail.splitlines() or [""]
        yield f"- **{escape(check.name)}**: {escape(first)}"
        yield from (f"  - {escape(line)}" for line in rest)
    if repeated:
        yield from _distribution(row)
    if row.judgement.comparisons:
        yield from _comparisons(row)


def _distribution(row: Row) -> Iterator[str]:
    passed = row.judgement.codes.count(ExitCode.PASSED)
    yield from ("", f"{passed} of {len(row.drills)} drills passed.", "")
    rows = (
        (
            spread.name,
            str(len(spread.values)),
            *(_written(spread.name, value) for value in (spread.low, spread.median, spread.high)),
        )
        for spread in row.judgement.spreads
    )
    yield from table(("Figure", "Drills", "Least", "Median", "Most"), rows)


def _comparisons(row: Row) -> Iterator[str]:
    # A table needs a blank line before it, unless the section's heading has just given one.
    if row.judgement.code != ExitCode.PASSED or len(row.drills) > 1:
        yield ""
    head = ("Time", "Now", "Before", "Ratio", "Noise up to", "Verdict")
    yield from table(head, (_compared(comparison) for comparison in row.judgement.comparisons))


def _compared(comparison: Comparison) -> tuple[str, ...]:
    ratio = words.NONE if comparison.ratio is None else f"{comparison.ratio:.2f}"
    noise = f"{comparison.limit:.2f} (log-sd {comparison.sd:.2f}{', assumed' if comparison.assumed else ''})"
    return (
        comparison.name,
        f"{_median(comparison.now)} (of {len(comparison.now)})",
        f"{_median(comparison.before)} (of {len(comparison.before)})",
        ratio,
        noise,
        "worse" if comparison.worse else "not worse",
    )


def _median(values: tuple[float, ...]) -> str:
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    return _written("time", middle)


# --- annotations ---


def annotate(report: Report) -> Iterator[str]:
    """Give a workflow command for each check that did not pass, and each mistake in a file, with its line."""
    for row in report.rows:
        # A set: repeats of one scenario report the same mistakes.
        mistakes = {m for drill in row.drills if drill.result for m in drill.result.mistakes}
        yield from (annotation(mistake) for mistake in sorted(mistakes))
        for check in row.judgement.checks:
            if check.code != ExitCode.PASSED:
                line = row.lines.get(check.name, 1)
                yield _command(row.file, line, 1, f"{row.scenario}: {check.name}", check.detail)


def annotation(mistake: Mistake) -> str:
    """Give the workflow command of a mistake in a file."""
    text = f"{mistake.message}\nhint: {mistake.hint}" if mistake.hint else mistake.message
    return _command(mistake.file, mistake.line, mistake.column, "gameday validate", text)


def _command(file: str, line: int, column: int, title: str, text: str) -> str:
    title, text = words.legal(title), words.legal(text)
    where = f"file={_property(words.legal(file))},line={line},col={column},title={_property(title)}"
    return f"::error {where}::{_data(text)}"


def _data(text: str) -> str:
    # % first: otherwise the escapes would be escaped.
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
            "description": words.legal(f"{row.scenario}: {check.name}: {check.detail}"),
            "check_name": f"gameday {check.name}",
            # Without the detail, which holds figures that change from run to run.
            "fingerprint": hashlib.sha256(
                f"{row.file}:{row.scenario}:{check.name}".encode("utf-8", "surrogatepass")
            ).hexdigest(),
            "severity": "major" if check.code == ExitCode.FAILED else "critical",
            "location": {"path": row.file, "lines": {"begin": row.lines.get(check.name, 1)}},
        }
        for row in report.rows
        for check in row.judgement.checks
        if check.code != ExitCode.PASSED
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
                "drill": (drill.result.drill or None) if drill.result else None,
                "exit_code": code,
                "seconds": round(drill.seconds, 3),
                "folder": drill.folder or None,
            }
            for drill, code in zip(row.drills, judgement.codes, strict=True)
        ],
        "checks": [
            {"check": check.name, "state": _state(check), "said": words.legal(check.detail)}
            for check in judgement.checks
        ],
        "distribution": {spread.name: _spread(spread) for spread in judgement.spreads},
        "baseline": {each.name: _comparison(each) for each in judgement.comparisons},
    }


def _spread(spread: Spread) -> Json:
    return {
        "values": [_finite(value) for value in spread.values],
        "least": _finite(spread.low),
        "median": _finite(spread.median),
        "most": _finite(spread.high),
    }


def _comparison(comparison: Comparison) -> Json:
    return {
        "now": [_finite(value) for value in comparison.now],
        "before": [_finite(value) for value in comparison.before],
        "ratio": _finite(comparison.ratio),
        "noise_up_to": round(comparison.limit, 6),
        "log_sd": round(comparison.sd, 6),
        "assumed": comparison.assumed,
        "worse": comparison.worse,
    }


def _finite(value: float | None) -> float | None:
    # JSON has no infinity: Python would write `Infinity`, which other readers refuse.
    return None if value is None or math.isinf(value) else round(value, 6)
