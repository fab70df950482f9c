"""A meter is named by the command; whatever it raises is a reading that knows nothing."""

import pytest

from gameday.faults.child import meter_reading
from gameday.faults.child_protocol import Note
from gameday.ports import Reading
from tests.faults.child.connected import connected


def above(value, bound):
    return Reading(breached=value > bound, detail=f"{value} of {bound}")


def read(function, **arguments):
    with connected() as (connection, other_end):
        meter_reading.read(connection, {"do": "read", "function": function, **arguments})
        (answer,) = other_end.received()
        return answer


@pytest.mark.parametrize(("value", "breached"), [(3, True), (1, False)])
def test_the_function_gets_the_commands_other_values_and_its_reading_is_the_answer(value, breached):
    answer = read(f"{__name__}:above", value=value, bound=2)
    assert answer == Note(word="answer", data={"breached": breached, "detail": f"{value} of 2"})


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (f"{__name__}:above", "TypeError"),
        (f"{__name__}:below", "AttributeError"),
        ("no_such_module_here:f", "ModuleNotFoundError"),
    ],
)
def test_what_cannot_be_read_is_neither_breached_nor_not_and_says_why(function, reason):
    answer = read(function)
    assert answer.data["breached"] is None
    assert answer.text("detail").startswith(reason)
