import pytest

from gameday.formats.gamedays import reader as gameday_plan
from tests.formats import mistakes
from tests.formats.gamedays.test_reader import AGENDA, HEAD, WHEN


def lines_of(text: str) -> list[str]:
    return mistakes.lines_of(text, "scenarios/a.gameday.yaml", gameday_plan.check)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + AGENDA, ["1:1 the plan has no date and no recurrence | write one of: date, recurrence"]),
        (
            HEAD + WHEN + "recurrence: {cron: 0 10 * * 2, from: 2026-01-01}\n" + AGENDA,
            ["6:1 a plan has a date or a recurrence, not both | write one of: date, recurrence"],
        ),
        (
            HEAD + "zone: Europe/Berln\ndate: 2026-12-01T10:00\n" + AGENDA,
            ["4:7 unknown time zone 'Europe/Berln' | did you mean 'Europe/Berlin'?"],
        ),
        (
            HEAD + "date: 1 December\n" + AGENDA,
            [
                "4:7 '1 December' is not a valid date or time | write 2026-03-01, 2026-03-01T10:00 or 2026-03-01T09:00Z",
            ],
        ),
        (
            HEAD + 'recurrence: {rrule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", from: 2026-01-01}\n' + AGENDA,
            [
                "4:21 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' is never due | name days that exist; there is no 30th of February",
            ],
        ),
        (
            HEAD + "recurrence: {cron: 0 10 * * 2, from: soon}\n" + AGENDA,
            [
                "4:38 'soon' is not a valid date or time | write 2026-03-01, 2026-03-01T10:00 or 2026-03-01T09:00Z"
            ],
        ),
        (
            HEAD + WHEN + AGENDA + "participants: [{name: ada, roles: [facilitator, responder]}]\n",
            [
                (
                    "7:35 ada can't be both facilitator and responder: whoever knows what is injected can't respond to it"
                    " | give one of the two roles to somebody else"
                ),
            ],
        ),
        (
            HEAD
            + WHEN
            + AGENDA
            + "participants: [{name: a, roles: [facilitator]}, {name: a, roles: [responder]}]\n",
            ["7:56 a is listed twice | list all roles of a person together"],
        ),
        (
            HEAD + WHEN + AGENDA + "participants: [{name: a, roles: [responder]}]\n",
            [
                (
                    "7:1 no participant is the facilitator | a game day with people needs one: "
                    "roles: [facilitator]"
                ),
            ],
        ),
        (
            HEAD + WHEN + AGENDA + "participants: [{name: a, roles: [observr]}]\nabsent: [{name: a}]\n",
            [
                "7:34 'observr' is not a role | did you mean 'observer'?",
                "8:17 a is both absent and a participant",
            ],
        ),
        (HEAD + WHEN + "agenda: [{break: 5m}]\n", ["6:9 the agenda has no scenario | add - scenario: FILE"]),
    ],
)
def test_each_mistake_is_reported_at_its_place(text: str, expected: list[str]) -> None:
    found = [line for line in lines_of(text) if "nothing follows this break" not in line]
    assert found == expected
