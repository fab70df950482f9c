"""A postmortem in Markdown, for wikis, tickets and pull requests.

It is GitHub-flavoured; an equal postmortem gives the same bytes. Words from outside never act as Markdown or
HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gameday.core import visible
from gameday.core.judging.score import Scored
from gameday.core.postmortem import Chain, Entry, Finding, Postmortem
from gameday.render import words

_SPECIAL = re.compile(r"([\\`*_\[\]|~#])")
_BLOCK = re.compile(r"^(\d{0,9})([-+=.)])(?=[-=\s]|$)")
"""What would begin a list, a rule or an underlined heading: `- `, `1. `, `---`, `===`."""


def postmortem(pm: Postmortem) -> str:
    """Write the whole postmortem."""
    sections = {
        "summary": _paragraphs(pm.summary),
        "timeline": _timeline(pm),
        "time": _chains(pm.chains),
        "cause": _root_cause(pm),
        "impact": _impact(pm),
        "resolution": _resolution(pm),
        "lessons": _lessons(pm),
        "actions": _actions(pm),
        "scorecard": _scorecard(pm),
        "coverage": _coverage(pm),
    }
    return document(_head(pm), words.SECTIONS, sections)


def document(head: Iterable[str], titles: Mapping[str, str], sections: Mapping[str, Iterable[str]]) -> str:
    """Write a head, and a section for each title, with the lines of the same id."""
    parts = ["\n".join(head) + "\n"]
    for section, title in titles.items():
        body = "\n".join(sections[section])
        parts.append(f"## {title}\n\n{body}\n")
    return visible.visible("\n".join(parts))


def escape(text: str) -> str:
    """Make words from outside mean themselves in Markdown, on one line."""
    # & first, or the other escapes would be escaped.
    html = visible.line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = _SPECIAL.sub(r"\\\1", html)
    plain = _BLOCK.sub(r"\1\\\2", plain)
    # GitHub turns bare addresses into links, and names into notifications: a zero-width space prevents it.
    unlinked = re.sub(r"(?i)\b(https?|ftp|mailto|xmpp|www)([:.])", r"\1&#8203;\2", plain)
    return re.sub(r"@(?=\w)", "@&#8203;", unlinked)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write a table of cells that are escaped already, with a dash for an empty one."""
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(cell or words.NONE for cell in row)} |"


def _paragraphs(lines: Iterable[str]) -> Iterator[str]:
    for index, line in enumerate(lines):
        if index:
            yield ""
        yield escape(line)


def _items(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"- {escape(line)}" for line in lines)


def _head(pm: Postmortem) -> Iterator[str]:
    yield f"# Postmortem: {escape(pm.title)}"
    yield ""
    if pm.aborted:
        yield f"> **Aborted drill.** {escape(pm.aborted)}"
        yield ""
    by = str(pm.recovered_by)
    rows = [
        ("Drill", f"{escape(pm.drill)}, revision {pm.revision}"),
        *([("History", f"head `{pm.head}`")] if pm.head else []),
        ("Scenario", f"{escape(pm.scenario)} on {escape(pm.environment)}, mode {escape(pm.mode)}"),
        ("When", f"{words.minute(pm.began)}, for {words.duration(pm.closed - pm.began)}"),
        ("Severity", escape(pm.severity)),
        ("Outcome", f"**{words.outcome(pm)}**; recovered by: {by}"),
        ("Responder", escape(pm.responder)),
        ("Score", _score(pm)),
    ]
    yield from table(("", ""), rows)
    yield ""
    yield "All times are UTC. Numbers in brackets refer to the timeline."


def _score(pm: Postmortem) -> str:
    card = pm.score
    if card.points is None:
        return f"none ({escape(card.verdict)})"
    passed = "passed" if card.passed else "below the pass mark"
    return (
        f"**{words.points(card.points)} of {card.of:g}** by {escape(card.scorecard)}, {passed}; "
        f"evidence for {words.share(card.coverage)} of the weights"
    )


def _milestones(pm: Postmortem) -> Iterator[str]:
    yield from table(
        ("Milestone", "UTC", "Since fault", "Declared", "Observed", "Basis", "Evidence"),
        (
            (
                words.milestone(milestone.name),
                words.reached(milestone),
                words.offset(milestone.offset),
                words.clock(milestone.declared) if milestone.declared is not None else "",
                words.clock(milestone.observed) if milestone.observed is not None else "",
                milestone.basis,
                words.refs(milestone.evidence),
            )
            for milestone in pm.milestones
        ),
    )


def _timeline(pm: Postmortem) -> Iterator[str]:
    yield from table(
        ("#", "UTC", "Since fault" if pm.t0 is not None else "Since start", "Who", "What"),
        (
            (str(e.number), words.clock(e.at), words.offset(e.offset), escape(e.who), _what(e))
            for e in pm.timeline
        ),
    )
    yield ""
    yield "### Milestones"
    yield ""
    yield from _milestones(pm)


def _what(entry: Entry) -> str:
    parts = [escape(entry.text)]
    if entry.quote:
        parts.append(f"“{escape(entry.quote)}”")
    if entry.milestones:
        parts.append(f"**{', '.join(entry.milestones)}**")
    parts.extend(f"({label} {words.clock(at)})" for label, at in entry.also)
    return " ".join(part for part in parts if part)


def _chains(chains: Iterable[Chain]) -> Iterator[str]:
    rows = []
    for chain in chains:
        mark = words.verdict(chain)
        limit = words.duration(chain.objective)
        rows.append(
            (f"**{words.TIMES.get(chain.name, chain.name)}**", f"**{words.taken(chain)}**", "", mark, limit)
        )
        for span in chain.spans:
            name = escape(span.name) + (
                " (longest)" if span.longest else " (see above)" if span.earlier else ""
            )
            rows.append((name, words.duration(span.seconds), span.percent, "", ""))
    yield from table(("Part", "Took", "Share", "Verdict", "Objective"), rows)


def _root_cause(pm: Postmortem) -> Iterator[str]:
    yield "### What the experiment did"
    yield ""
    yield from _paragraphs(pm.root_cause.injected)
    yield ""
    if pm.alone and not pm.root_cause.recorded:
        return
    yield "### What the team recorded"
    yield ""
    if not pm.root_cause.recorded:
        yield "Nothing yet: to be asked at the review."
    for question, answer in pm.root_cause.recorded:
        yield f"- {escape(question)}: “{escape(answer)}”"


def _impact(pm: Postmortem) -> Iterator[str]:
    yield escape(pm.harm)
    yield ""
    if pm.t0 is not None:
        yield "![Good requests, response times and requests per second, with the milestones](impact.svg)"
        yield ""
    yield from table(
        (
            "SLO",
            "Promise",
            "Requests",
            "Bad",
            "Good",
            "Worst window",
            "p50 before → during",
            "p95 before → during",
        ),
        (
            (
                escape(line.slo),
                escape(f"{line.promise}, {line.request}" if line.request != "*" else line.promise),
                f"{line.requests:,}" if line.affected else words.NONE if line.judged else "not judged",
                f"{line.bad:,}" if line.affected else "not affected" if line.judged else words.NONE,
                words.share(line.good),
                words.share(line.worst),
                f"{words.milliseconds(line.p50[0])} → {words.milliseconds(line.p50[1])}",
                f"{words.milliseconds(line.p95[0])} → {words.milliseconds(line.p95[1])}",
            )
            for line in pm.impact
        ),
    )
    if pm.requests:
        yield ""
        yield escape(words.whole(pm))


def _resolution(pm: Postmortem) -> Iterator[str]:
    yield from _items(pm.resolution)
    yield ""
    yield "### How the fault was reverted"
    yield ""
    yield from _items(pm.reverted)


def _lessons(pm: Postmortem) -> Iterator[str]:
    for title, findings in (("What went well", pm.well), ("What to improve", pm.improve)):
        yield f"### {title}"
        yield ""
        yield from (_finding(finding) for finding in findings)
        if not findings:
            yield "Nothing on record."
        yield ""
    if pm.alone and not pm.questions:
        return
    yield "### To ask at the review"
    yield ""
    yield from _items(pm.questions)
    if not pm.questions:
        yield "No questions are open."


def _finding(finding: Finding) -> str:
    tail = f" {words.refs(finding.evidence)}" if finding.evidence else ""
    return f"- **{escape(finding.title)}.** {escape(finding.detail)}{tail}"


def _actions(pm: Postmortem) -> Iterator[str]:
    if not pm.actions:
        yield "None."
        return
    yield from table(
        ("Action", "Owner", "Due", "Priority", "Because"),
        ((escape(a.text), escape(a.owner), a.due, a.priority, escape(a.because)) for a in pm.actions),
    )


def _earned(scored: Scored) -> str:
    return words.points(None if scored.share is None else scored.share * scored.weight)


def _scorecard(pm: Postmortem) -> Iterator[str]:
    yield _score(pm) + "."
    yield ""
    yield from table(
        ("Criterion", "Phase", "Verdict", "Points", "Figure", "Rule", "Evidence"),
        (
            (
                escape(scored.criterion),
                escape(scored.phase),
                f"{words.VERDICT_MARKS[scored.verdict]} {scored.verdict}",
                f"{_earned(scored)} of {scored.weight:g}",
                escape(scored.figure),
                escape("; ".join(part for part in (scored.rule, scored.why) if part)),
                words.refs(pm.numbers(scored.evidence)),
            )
            for scored in pm.score.criteria
        ),
    )
    if pm.score.caps:
        yield ""
        yield f"Caps that applied: {escape(', '.join(pm.score.caps))}."
    if pm.score.why:
        yield ""
        yield escape(pm.score.why)


def _coverage(pm: Postmortem) -> Iterator[str]:
    if not pm.coverage:
        yield "The scenario expects no alert, and none fired."
        return
    yield from table(
        ("Alert", "State", "After start of impact", "Expected within", "Evidence"),
        (
            (
                escape(line.alert),
                line.state,
                words.duration(line.after),
                words.duration(line.within),
                words.refs(line.evidence),
            )
            for line in pm.coverage
        ),
    )
