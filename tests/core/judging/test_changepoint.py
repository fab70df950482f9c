import random

from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.judging import changepoint
from gameday.core.judging.changepoint import BREACH, GOOD, UNKNOWN, WindowTest
from gameday.core.judging.series import Series

TEST = WindowTest(objective=0.99, width=50, least=20)


def series(total, bad):
    return Series(first=0, total=list(total), bad=list(bad), hung=[0] * len(total))


def steady(length, *stretches, rate=10, share=1.0, isolated=()):
    bad = [0] * length
    for start, end in stretches:
        bad[start:end] = [round(rate * share)] * (end - start)
    for index in isolated:
        bad[index] = max(bad[index], 1)
    return series([rate] * length, bad)


def found(counted, test=TEST):
    return [(span.first, span.last, span.after) for span in changepoint.spans(counted, test)]


def test_a_window_without_enough_requests_says_nothing():
    assert TEST.judge(19, 19) == UNKNOWN
    assert TEST.judge(20, 19) == BREACH
    assert TEST.judge(20, 0) == GOOD


def test_a_window_at_its_objective_is_good():
    assert TEST.judge(500, 5) == GOOD
    assert TEST.judge(500, 6) == BREACH


def test_one_bad_request_among_others_is_never_sustained():
    assert WindowTest(objective=0.999, width=50, least=20).judge(100, 1) == GOOD


def test_a_service_that_stays_good_has_no_stretch():
    assert found(steady(600, isolated=(10, 200, 201, 400))) == []


def test_a_sharp_stretch_is_found_to_the_bucket():
    assert found(steady(600, (200, 350))) == [(200, 349, 350)]


def test_isolated_bad_requests_before_and_after_are_not_drawn_in():
    counted = steady(600, (200, 350), isolated=(165, 185, 195, 360, 375, 390))
    assert found(counted) == [(200, 349, 350)]


def test_a_bad_stretch_up_to_the_last_sample_has_no_end():
    assert found(steady(600, (200, 600))) == [(200, 599, None)]


def test_an_end_needs_a_whole_good_window_after_it():
    assert found(steady(600, (200, 551))) == [(200, 550, None)]
    assert found(steady(600, (200, 550))) == [(200, 549, 550)]


def test_stretches_are_two_when_a_whole_window_between_them_is_good():
    assert found(steady(900, (200, 300), (350, 450))) == [(200, 299, 300), (350, 449, 450)]
    assert found(steady(900, (200, 300), (345, 445))) == [(200, 444, 445)]


def test_silence_between_two_stretches_does_not_part_them():
    counted = steady(900, (200, 300), (500, 600))
    counted.total[300:500] = [0] * 200
    assert found(counted) == [(200, 599, 600)]


def test_a_partly_bad_service_is_found_within_a_few_requests():
    counted = steady(900)
    chance = random.Random(3)
    for index in range(300, 600):
        counted.bad[index] = sum(chance.random() < 0.3 for _ in range(10))
    ((first, last, after),) = found(counted)
    assert 300 <= first <= 301
    assert 598 <= last <= 599
    assert after == last + 1


def test_a_mild_beginning_belongs_to_the_stretch_when_its_own_window_breaches():
    counted = steady(900, (360, 600))
    for index in range(300, 360, 2):
        counted.bad[index] = 1
    ((first, last, _),) = found(counted)
    assert 300 <= first <= 310
    assert last == 599


@settings(deadline=None, max_examples=60)
@given(
    start=st.integers(100, 300),
    length=st.integers(5, 300),
    rate=st.integers(2, 40),
    isolated=st.sets(st.integers(0, 699), max_size=2),
)
def test_a_sharp_stretch_is_found_wherever_it_lies(start, length, rate, isolated):
    counted = steady(700, (start, start + length), rate=rate, isolated=isolated)
    spans = found(counted)
    assert (start, start + length - 1) in [(first, last) for first, last, _ in spans] or rate < 10
    assert any(first <= start and last >= start + length - 1 for first, last, _ in spans)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=120), st.integers(1, 30))
def test_spans_are_in_order_and_begin_and_end_with_a_bad_bucket(buckets, width):
    counted = series([good + bad for good, bad in buckets], [bad for _, bad in buckets])
    spans = changepoint.spans(counted, WindowTest(objective=0.9, width=width, least=3))
    edge = -1
    for span in spans:
        assert edge < span.first <= span.last
        assert counted.bad[span.first]
        assert counted.bad[span.last]
        assert span.after is None or span.after > span.last
        edge = span.last


@settings(deadline=None, max_examples=60)
@given(st.integers(80, 200), st.integers(60, 200), st.floats(0.3, 1.0), st.integers(0, 99))
def test_a_stretch_read_backwards_begins_where_it_ended(start, length, share, seed):
    chance = random.Random(seed)
    counted = steady(500)
    for index in range(start, start + length):
        counted.bad[index] = sum(chance.random() < share for _ in range(10))
    mirrored = series(counted.total[::-1], counted.bad[::-1])
    (there,), (back,) = changepoint.spans(counted, TEST), changepoint.spans(mirrored, TEST)
    assert (there.first, there.last) == (499 - back.last, 499 - back.first)
