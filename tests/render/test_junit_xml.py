"""JUnit XML of any suites and cases is what CI systems read, whatever the words in it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.values import parse_instant
from gameday.render import junit_xml, words
from gameday.render.junit_xml import Case, Suite
from tests.render import junit_schema

WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
NAMES = WORDS.filter(str.strip)


def written(named):
    """Give the name of a case or a suite as a reader of XML sees it; names in one list must differ."""
    return " ".join(words.legal(named.name).split())


CASES = st.builds(
    Case,
    name=NAMES,
    state=st.sampled_from(["passed", *junit_xml.STATES.values()]),
    message=WORDS,
    seconds=st.floats(0, 1e5),
)
SUITES = st.builds(
    Suite,
    name=NAMES,
    cases=st.lists(CASES, min_size=1, max_size=4, unique_by=written).map(tuple),
    seconds=st.floats(0, 1e5),
    properties=st.dictionaries(st.sampled_from(["drill", "outcome"]), WORDS),
)


@settings(max_examples=50)
@given(
    st.lists(SUITES, min_size=1, max_size=3, unique_by=written), st.floats(0, 1e6)
)  # the schema asks for at least one
def test_any_suites_keep_to_the_schema_and_are_counted_right(suites, seconds):
    assert junit_schema.complaints(junit_xml.document(suites, seconds)) == []


def test_what_went_wrong_is_in_the_attribute_and_in_the_text():
    failed = Case(name="objective detect", state="failure", message="70 s of 60 s")
    [case] = ET.fromstring(junit_xml.document([Suite(name="s", cases=(failed,))], 1.0)).iter("testcase")
    verdict = case.find("failure")
    assert (verdict.get("message"), verdict.text) == ("70 s of 60 s", "70 s of 60 s")
    assert case.get("classname") == "gameday.s"


def test_what_passed_has_no_verdict():
    passed = Case(name="scenario", state="passed", message="recovered")
    [case] = ET.fromstring(junit_xml.document([Suite(name="s", cases=(passed,))], 1.0)).iter("testcase")
    assert list(case) == []


def test_the_time_of_a_suite_has_no_zone_as_the_schema_wants_it():
    suite = Suite(name="s", cases=(), began=parse_instant("2026-11-24T12:00:00+01:00"), file="s.yaml")
    [element] = ET.fromstring(junit_xml.document([suite], 1.0))
    assert (element.get("timestamp"), element.get("file")) == ("2026-11-24T11:00:00.000", "s.yaml")
