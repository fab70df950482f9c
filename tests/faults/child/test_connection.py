"""The child's end of its two pipes."""

import threading

from gameday.core.facts import drill as ev
from gameday.core.values import FaultId, instant
from gameday.faults.child_protocol import Note, ReportedFact, encode
from tests.faults.child.connected import connected

FACT = ev.FaultInjected(fault=FaultId("f1"), action="fault-on")
AT = instant(1_800_000_000.25)


def test_facts_and_notes_reach_the_parent_in_order():
    with connected() as (connection, other_end):
        connection.report(FACT, AT, 2.5)
        connection.send("answer", ok=None)
        assert other_end.received() == [
            ReportedFact(fact=FACT, at=AT, limit=2.5),
            Note(word="answer", data={"ok": None}),
        ]


def test_commands_come_until_the_parent_hangs_up():
    with connected() as (connection, other_end):
        other_end.send(encode("do", "ask", {"probe": "{}"}) + encode("do", "inject", {}))
        other_end.hang_up()
        assert list(connection.commands()) == [{"do": "ask", "probe": "{}"}, {"do": "inject"}]


def test_a_parent_that_is_gone_does_not_stop_the_child():
    with connected() as (connection, other_end):
        other_end.stop_reading()
        connection.report(FACT, AT)
        connection.send("ended")


def test_lines_of_several_threads_stay_whole():
    with connected() as (connection, other_end):
        threads = [
            threading.Thread(target=connection.send, args=("answer",), kwargs={"text": str(number) * 500})
            for number in range(10)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {note.text("text") for note in other_end.received()} == {str(each) * 500 for each in range(10)}
