"""Publishes the results of `gameday ci` to a CI system: files, annotations, a summary, data on stdout.

A file that cannot be written hides no result, but it turns a pass into an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gameday.cli.ci import cases
from gameday.cli.ci.cases import CiOptions
from gameday.cli.shared import output
from gameday.core import trends, visible
from gameday.core.errors import ExitCode, GamedayError, InvalidFiles, Mistake, worst
from gameday.core.trends import FinishedDrill, Report, Row, Thresholds
from gameday.render import pipeline
from gameday.system import known_secrets


def publish(report: Report, options: CiOptions, environ: Mapping[str, str]) -> int:
    """Publish the results of the drills, and give the exit code."""
    written = _write(report, options, environ)
    if _on_github(environ):
        for line in pipeline.annotate(report):
            output.talk(line)
    if options.json:
        output.data_json(pipeline.encode(report))
    else:
        output.data(pipeline.markdown(report))
    output.talk(f"artefacts: {options.folder}")
    return report.code if written else worst((report.code, ExitCode.INTERNAL))


def publish_refusal(error: GamedayError, options: CiOptions, environ: Mapping[str, str]) -> int:
    """Report a refusal, before anything was touched, in every form that a CI system reads."""
    mistakes = list(_mistakes(error, options, environ))
    for mistake in mistakes:
        output.talk(*mistake.lines)
    if not isinstance(error, InvalidFiles):
        output.problem(error)
    if _on_github(environ):
        for mistake in mistakes or [Mistake(file=_file(options, environ), message=error.message)]:
            if not mistake.warning:
                output.talk(pipeline.annotation(mistake))
    report = _nothing_played(error, mistakes, options, environ)
    _write(report, options, environ)
    if options.json:
        output.data_json(pipeline.encode(report))
    return error.exit_code


def _mistakes(error: GamedayError, options: CiOptions, environ: Mapping[str, str]) -> Iterator[Mistake]:
    """Give the mistakes of files, each with its path as the CI system names it."""
    for mistake in error.mistakes if isinstance(error, InvalidFiles) else ():
        yield mistake._replace(file=cases.shown_path(cases.in_checkout(mistake, options), environ))


def _file(options: CiOptions, environ: Mapping[str, str]) -> str:
    return cases.shown_path(options.scenarios[0], environ)


def _nothing_played(
    error: GamedayError, mistakes: list[Mistake], options: CiOptions, environ: Mapping[str, str]
) -> Report:
    why = "\n".join(str(mistake) for mistake in mistakes if not mistake.warning) or error.message
    ended = FinishedDrill(code=error.exit_code, why=why)
    judgement = trends.judge((ended,), Thresholds())
    rows = (
        Row(
            scenario=path.stem,
            file=cases.shown_path(path, environ),
            environment=options.drill.environment,
            drills=(ended,),
            judgement=judgement,
        )
        for path in dict.fromkeys(options.scenarios)
    )
    return Report(rows=tuple(rows), seconds=0.0)


def _on_github(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


# --- files ---


def _write(report: Report, options: CiOptions, environ: Mapping[str, str]) -> bool:
    """Write every file; give False when one could not be written."""
    as_json, quality = (
        visible.in_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n"
        for value in (pipeline.encode(report), pipeline.code_quality(report))
    )
    texts = {
        "ci.json": as_json,
        "junit.xml": pipeline.junit(report),
        "summary.md": pipeline.markdown(report),
        "code-quality.json": quality,
    }
    # All are tried: one that can't be written must not keep the others from the CI system.
    written = [_put(options.folder / name, text) for name, text in texts.items()]
    if options.junit is not None:
        written.append(_put(options.junit, texts["junit.xml"]))
    if environ.get("GITHUB_STEP_SUMMARY"):
        written.append(_put(Path(environ["GITHUB_STEP_SUMMARY"]), texts["summary.md"], _append))
    return all(written)


def _put(file: Path, text: str, how: Callable[[Path, str], None] | None = None) -> bool:
    """Write one file, redacted; warn and give False when that fails."""
    try:
        (how or _replace)(file, known_secrets.redactor().text(text))
    except OSError as wrong:
        output.warn(f"{file} cannot be written: {wrong.strerror}")
        return False
    return True


def _replace(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def _append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as summary:
        summary.write(text)
