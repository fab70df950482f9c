"""Sends to channels what is addressed to people: planned messages, hints on offer, updates of the team.

A channel gets what is addressed to one of its audiences or to its name. Nothing here delays or fails a drill:
each try has a time limit, a channel that fails is tried again, and what did not get out is a fact.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gameday import ports
from gameday.conduct.drill.response.daemon_threads import DaemonThreads
from gameday.conduct.recorder import Recorder
from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Scenario
from gameday.core.values import Seconds

PAUSES: tuple[Seconds, ...] = (0.0, 2.0, 10.0)
"""Seconds before each try."""
TRY_LIMIT: Seconds = 15.0
"""How long one try may take."""
ENDED = "the drill ended before the channel took it"


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillMessages:
    """Sends the messages of one drill, each in the background. audiences: of each channel, by its name."""

    scenario: Scenario
    announcer: ports.Announcer | None
    audiences: Mapping[str, Collection[str]]
    clock: ports.Clock
    recorder: Recorder
    sending: dict[asyncio.Task[str], ev.MessageNotSent] = field(default_factory=dict)

    def take(self, events: Sequence[ev.Event]) -> None:
        """Begin to send what new events say to people."""
        for event in events:
            for audience, message in self._addressed(event.fact):
                for channel in self._channels(audience):
                    self._begin(channel, audience, message)

    def close(self) -> None:
        """Give up what has not been sent yet, and record it."""
        for task, failure in tuple(self.sending.items()):
            if not task.done():
                del self.sending[task]
                task.cancel()
                self.recorder.record(failure)

    def _addressed(self, fact: ev.Fact) -> Iterator[tuple[str, ports.Message]]:
        """Give what a fact says to people, and to whom."""
        injects = self.scenario.injects
        match fact:
            case ev.InjectSent(index=index, kind="message" | "hint", text=text) if index < len(injects):
                to = injects[index].to
                yield to, ports.Message(title=f"Exercise on {self.scenario.environment}", text=text)
            case ev.UpdateSent(audience=audience, text=text):
                title = f"Exercise on {self.scenario.environment}: update to {audience}"
                yield audience, ports.Message(title=title, text=text)
            case _:
                pass

    def _channels(self, audience: str) -> list[str]:
        return [name for name, of in self.audiences.items() if audience == name or audience in of]

    def _begin(self, channel: str, audience: str, message: ports.Message) -> None:
        task = asyncio.get_running_loop().create_task(self._send(channel, message))
        self.sending[task] = ev.MessageNotSent(channel=channel, audience=audience, why=ENDED)
        task.add_done_callback(self._settle)

    def _settle(self, task: asyncio.Task[str]) -> None:
        """Record what could not be sent; whatever a channel's client raises, the drill goes on."""
        failure = self.sending.pop(task, None)
        if failure is None or task.cancelled():
            return
        error = task.exception()
        why = task.result() if error is None else f"{type(error).__name__}: {error}"
        if why:
            self.recorder.record(
                ev.MessageNotSent(channel=failure.channel, audience=failure.audience, why=why)
            )

    async def _send(self, channel: str, message: ports.Message) -> str:
        """Send to one channel; give why it failed for good, or nothing."""
        why = ""
        for pause in PAUSES:
            await self.clock.sleep(pause)
            try:
                await self._try(channel, message)
            except NotReady as error:
                why = error.message
            except TimeoutError:
                why = f"channel {channel} did not answer within {TRY_LIMIT:g} s"
            else:
                return ""
        return why

    async def _try(self, channel: str, message: ports.Message) -> None:
        assert self.announcer is not None
        call = asyncio.get_running_loop().run_in_executor(
            DaemonThreads(), self.announcer.send, channel, message
        )
        async with asyncio.timeout(TRY_LIMIT):
            await call
