"""A Chaos Toolkit process is started, answers, and is killed once it has been stopped for too long."""

import asyncio
import signal

from gameday.faults.chaos_process import START_LIMIT, STOPPED_LIMIT, ChaosProcess
from gameday.faults.child_protocol import Note
from gameday.system import processes


def play(script):
    async def main():
        process = await ChaosProcess.start("")
        try:
            assert await process.receive(START_LIMIT) == Note(word="up")
            return await script(process)
        finally:
            await process.close()

    return asyncio.run(main())


def test_an_unknown_command_ends_it_with_the_reason():
    async def script(process):
        await process.send("dance")
        note = await process.receive(10)
        return note.word, note.text("error"), await process.receive(10)

    assert play(script) == ("crashed", "ValueError: unknown command dance", None)


def test_one_that_stays_stopped_is_killed():
    async def script(process):
        process.signal(signal.SIGSTOP)
        last = await process.receive(STOPPED_LIMIT + 20)
        return last, process.identity

    last, identity = play(script)
    assert last is None
    assert not processes.alive(identity)


def test_a_command_to_one_that_is_gone_has_no_effect():
    async def script(process):
        await process.kill()
        await process.send("ask", probe="{}")
        return await process.receive(10)

    assert play(script) is None
