"""Plays a responder script: waits as its steps say, acts, and records it under the script's name.

A step that fails is recorded, and the script goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday import ports
from gameday.conduct.drill.live_facts import LiveFacts
from gameday.conduct.drill.live_milestones import LiveMilestones
from gameday.conduct.recorder import Recorder
from gameday.core.facts import drill as ev
from gameday.core.plans.responder_script import Do, ResponderScript, ResponderStep, When
from gameday.core.values import Seconds

POLL_INTERVAL: Seconds = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptPlayer:
    """Plays one script in one drill. `recorder` writes as source `responder`, by the script's name."""

    script: ResponderScript
    recorder: Recorder
    live_facts: LiveFacts
    live_milestones: LiveMilestones
    clock: ports.Clock
    runner: ports.Runner

    async def play(self) -> None:
        """Play the steps in order; ends with the last one, or when it is cancelled."""
        for number, step in enumerate(self.script.steps, start=1):
            if not await self._wait(step.when):
                self._fail(number, f"waited for {_describe(step.when)}, which did not happen")
                continue
            await self.clock.sleep(step.after)
            await self._do(number, step)

    async def _wait(self, when: When | None) -> bool:
        if when is None:
            return True
        end = None if when.within is None else self.clock.now() + when.within
        while not self._holds(when):
            if end is not None and self.clock.now() >= end:
                return False
            await self.clock.sleep(POLL_INTERVAL)
        return True

    def _holds(self, when: When) -> bool:
        if when.alert:
            return any(fired.fact.alert == when.alert for fired in self.live_facts.each(ev.AlertFired))
        if when.milestone:
            return self.live_milestones.reached(when.milestone, self.clock.now())
        return any(sent.fact.index == when.inject for sent in self.live_facts.each(ev.InjectSent))

    async def _do(self, number: int, step: ResponderStep) -> None:
        if step.do.command:
            await self._run(number, step)
            return
        self.recorder.record(fact_for(step.do))

    async def _run(self, number: int, step: ResponderStep) -> None:
        actor = f"{self.script.acts_as}:{self.script.responder}"
        # An action counts from its start: the service may be healthy again before the command returns.
        begin = self.clock.now()
        outcome = await self.runner.run(step.do.command, timeout=step.timeout, actor=actor)
        text = " ".join(step.do.command)
        self.recorder.record(
            ev.ActionTaken(
                action=text,
                via="responder",
                actor=actor,
                exit_code=outcome.exit_code,
                output=outcome.output[-500:],
            ),
            at=begin,
        )
        if outcome.exit_code != 0:
            self._fail(number, f"`{text}` ended with {outcome.exit_code}: {outcome.output.strip()[-200:]}")

    def _fail(self, number: int, reason: str) -> None:
        self.recorder.record(ev.ResponderFailed(step=number, reason=reason))


def fact_for(do: Do) -> ev.Fact:
    """Give the fact that a step records; a command's is known only when it was run."""
    match do:
        case Do(ack=True):
            return ev.IncidentAcknowledged()
        case Do(end=True):
            return ev.EndRequested()
        case Do(declare=severity) if severity is not None:
            return ev.IncidentDeclared(severity=severity, commander=do.commander)
        case Do(hint=index) if index is not None:
            return ev.HintTaken(index=index)
        case _:
            return _written_by(do)


def _written_by(do: Do) -> ev.Fact:
    if do.step:
        return ev.StepDone(step=do.step)
    if do.mark:
        return ev.MilestoneMarked(milestone=do.mark)
    if do.update:
        return ev.UpdateSent(audience=do.audience or "stakeholders", text=do.update)
    return ev.NoteWritten(text=do.note)


def _describe(when: When | None) -> str:
    if when is None:
        return "nothing"
    if when.alert:
        return f"alert {when.alert}"
    return f"milestone {when.milestone}" if when.milestone else f"inject {when.inject}"
