"""A finished drill's judgement, report files and exit code; all can be made again from the same history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from gameday import ports
from gameday.core.errors import ExitCode, StoreUnavailable
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.judging import conditions, result
from gameday.core.plans.scenario import ScorecardRules
from gameday.core.values import DrillId, Mode
from gameday.system.files import write_whole


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedDrill:
    """A drill's history and its result."""

    history: history.History
    result: result.Result


def judge(store: ports.HistoryStore, drill: DrillId, rules: ScorecardRules | None = None) -> JudgedDrill:
    """Judge a stored drill, by its own scorecard or another. Raises LookupError if there is no such drill."""
    from gameday.formats.stored import heads  # noqa: PLC0415

    events = [stored.event for stored in store.read(drill)]
    whole = history.from_events(events, store.read_load(drill))
    judged = result.judge(whole, rules)
    head = heads.latest(drill, store.lines(drill), whole.load, judged.revision)
    return JudgedDrill(history=whole, result=replace(judged, head=head))


def write_reports(judged: JudgedDrill, folder: Path, ends: str = "", playbook: str | None = None) -> Path:
    """Write the drill's files into its folder, each whole or not at all; give the folder.

    playbook: its text as it is now, which the patch is to change; None: as it was when the drill was planned
    ends: of the history that was judged (`ports.HistoryStore.ends`); empty: `gameday show` judges it again.

    Raises StoreUnavailable when the disk is full or can't be written.
    """
    from gameday.formats.scenario import playbook as markdown  # noqa: PLC0415  # needed only here
    from gameday.formats.stored import result as result_json  # noqa: PLC0415  # needed only here
    from gameday.render import drill_files, show_cache  # noqa: PLC0415  # slow to import, and needed only here

    planned = judged.history.plan.playbook
    text = playbook if playbook is not None or planned is None else planned.text
    present = markdown.present(text) if text is not None else None
    texts = drill_files.drill_files(judged.history, judged.result, present)
    if ends:
        texts[show_cache.FILE] = drill_files.shown_text(judged.history, judged.result, ends)
    texts["result.json"] = result_json.text(judged.history, judged.result)
    for name, text in texts.items():
        write_whole(folder / name, text)
    if drill_files.PATCH not in texts:
        _remove(folder / drill_files.PATCH)
    return folder


def _remove(path: Path) -> None:
    """Remove what an earlier judgement proposed, and this one does not. Raises StoreUnavailable."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"{path} can't be removed: {error.strerror}") from error


def still_exposed(judged: JudgedDrill) -> tuple[Exposed, ...]:
    """Give the faults that may still be in force."""
    return result.in_force(judged.history, judged.result.impact)


def exit_code(judged: JudgedDrill) -> ExitCode:
    """Give the exit code of `gameday run` (docs/reference/exit-codes.md)."""
    # Before everything else: a fault in force matters more than why the drill ended.
    if not judged.result.reverted:
        return ExitCode.FAULT_IN_FORCE
    closed = judged.history.last(ev.DrillClosed)
    match closed.fact.how if closed else "failed":
        case "aborted":
            # Nobody aborted it: the instruments were lost.
            return ExitCode.INCONCLUSIVE if judged.history.first(ev.LoadLost) else ExitCode.ABORTED
        case "not-ready":
            return ExitCode.INCONCLUSIVE
        case "completed":
            return _verdict(judged)
        case _:
            return ExitCode.INTERNAL


def _verdict(judged: JudgedDrill) -> ExitCode:
    # Without people the verdict holds whether or not the fault is known to have had an effect.
    if not conditions.nobody_responds(judged.history):
        if not judged.result.attribution.outcome.judged:
            return ExitCode.INCONCLUSIVE
        # A training is not graded.
        if judged.history.plan.mode is Mode.TRAIN:
            return ExitCode.PASSED
    match judged.result.score.verdict:
        case "passed":
            return ExitCode.PASSED
        case "insufficient-evidence" | "not-scored":
            return ExitCode.INCONCLUSIVE
        case _:
            return ExitCode.FAILED
