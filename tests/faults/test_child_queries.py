"""One process answers many queries, and is replaced once it has failed or was too late."""

import asyncio
import json
from pathlib import Path

import pytest

from gameday.faults.child_queries import ChildQueries, NoAnswer
from tests.faults.building import DRILL, HERE, python
from tests.faults.chaos_actions import nap

SHELL = {"type": "probe", "name": "own", "provider": {"type": "process", "path": "sh"}}


def answered(script, cwd=HERE):
    async def main():
        queries = ChildQueries(DRILL, cwd=Path(cwd))
        try:
            return await script(queries)
        finally:
            await queries.close()

    return asyncio.run(main())


async def parent_of_a_probe(queries):
    """Ask for the process that answers."""
    probe = {**SHELL, "provider": {**SHELL["provider"], "arguments": ["-c", "echo $PPID"]}}
    answer = await queries.ask(30.0, "ask", probe=json.dumps(probe))
    return json.loads(answer["detail"])["stdout"].strip()


def test_queries_are_answered_by_one_process_until_one_is_late_or_fails():
    async def script(queries):
        processes = [await parent_of_a_probe(queries) for _ in range(2)]
        slow = json.dumps(python("nap", nap.__name__, kind="probe"))
        with pytest.raises(NoAnswer, match=r"^no answer within 0\.2 s$"):
            await queries.ask(0.2, "ask", probe=slow)
        processes.append(await parent_of_a_probe(queries))
        with pytest.raises(NoAnswer, match="unknown command dance"):
            await queries.ask(30.0, "dance")
        processes.append(await parent_of_a_probe(queries))
        return processes

    first, second, after_a_late_answer, after_a_failure = answered(script)
    assert first == second
    assert len({first, after_a_late_answer, after_a_failure}) == 3


def test_a_process_that_can_not_be_started_is_no_answer():
    with pytest.raises(NoAnswer, match="the process can't be started"):
        answered(lambda queries: queries.ask(30.0, "ask", probe="{}"), cwd="/no/such/folder")
