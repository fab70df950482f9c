"""New identifiers on this machine."""

import re
from datetime import UTC, datetime

from gameday.system import clock, ids


def test_a_drills_id_begins_with_its_time_in_utc():
    before = int(clock.now())
    drill = ids.SystemIds().drill("api-latency-spike")
    assert re.fullmatch(r"\d{8}-\d{6}-api-latency-spike-[0-9a-f]{4}", drill)
    made = datetime.strptime(drill[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC).timestamp()
    assert before <= made <= clock.now()


def test_an_events_id_has_96_bits_in_hexadecimal():
    made = {ids.new_event_id() for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"[0-9a-f]{24}", each) for each in made)
