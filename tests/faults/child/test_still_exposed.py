"""A probe has a time limit, and can't end who runs it."""

import sys
import time

import pytest

from gameday.faults.child.still_exposed import within


def test_a_result_in_time_is_given():
    assert within(5.0, lambda: 7) == 7


def test_a_late_result_is_a_timeout():
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
        within(0.05, lambda: time.sleep(0.5))


def test_an_exception_is_raised_again():
    with pytest.raises(ZeroDivisionError):
        within(5.0, lambda: 1 / 0)


def test_a_probe_that_exits_does_not_end_the_process():
    with pytest.raises(RuntimeError, match="SystemExit"):
        within(5.0, lambda: sys.exit(3))
