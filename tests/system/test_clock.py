"""The machine's clock: instants, and the seconds that deadlines and budgets count."""

from gameday.system import clock


def test_the_monotonic_clock_never_goes_back():
    readings = [clock.monotonic() for _ in range(1000)]
    assert readings == sorted(readings)


def test_sleeping_passes_time_and_uses_no_processor():
    begin, used = clock.monotonic(), clock.processor()
    clock.sleep(0.05)
    assert clock.monotonic() - begin >= 0.05
    assert clock.processor() - used < 0.05


def test_an_instant_is_whole_in_microseconds_so_that_it_is_stored_as_it_is():
    assert all(now == round(now, 6) for now in (clock.now() for _ in range(100)))
