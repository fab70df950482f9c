"""Where the time went: each interval divided into parts that lie within it and add up to it.

`core.judging.milestones` gives the links; this gives them shares, and names the longest.
"""

from __future__ import annotations

from collections.abc import Sequence

from gameday.core.judging.milestones import Interval, Link, Milestones
from gameday.core.postmortem import percent, sentences
from gameday.core.postmortem.model import Chain, Span


def build(milestones: Milestones) -> tuple[Chain, ...]:
    """Give a chain for each interval."""
    return tuple(_chain(interval, milestones) for interval in milestones.intervals)


def longest(chain: Chain) -> Span | None:
    """Find the part that took the longest; None where there is only one, or no time is known."""
    return next((span for span in chain.spans if span.longest), None)


def _chain(interval: Interval, milestones: Milestones) -> Chain:
    links = [link for link in milestones.chain if link.chain == interval.name]
    return Chain(
        name=interval.name,
        start=sentences.milestone(interval.start),
        end=sentences.milestone(interval.end),
        seconds=interval.seconds,
        objective=interval.objective,
        verdict=interval.verdict,
        at_least=interval.at_least,
        applies=interval.applies,
        instead=interval.instead,
        spans=_spans(links, interval),
    )


def _spans(links: Sequence[Link], interval: Interval) -> tuple[Span, ...]:
    whole = interval.seconds if interval.seconds is not None else interval.at_least
    if not whole:  # nothing to divide, or its end is not known: then parts have no shares
        shares: list[float | None] = [None] * len(links)
    else:
        shares = [(link.seconds or 0.0) / whole for link in links]
    written = percent.apportioned([share or 0.0 for share in shares])
    most = (
        max(links, key=lambda link: link.seconds or 0.0, default=None) if whole and len(links) > 1 else None
    )
    return tuple(
        Span(
            name=link.name,
            start=link.start,
            end=link.end,
            seconds=None if link.seconds is None else round(link.seconds, 6),
            share=share,
            percent=text if share is not None else "",
            longest=link is most,
            earlier=link.earlier,
        )
        for link, share, text in zip(links, shares, written, strict=True)
    )
