"""The XML that CI systems call JUnit: suites of test cases. It knows nothing of drills.

The document conforms to `junit-10.xsd` of Jenkins' xunit plug-in, the strictest of the formats in use, and to
what GitLab reads. That is: no count of the skipped on `testsuites`, no file or line on a `testcase`. What
went wrong is both in the attribute `message` and in the text, because some systems show only one of them.
Names differ within a suite, because GitLab takes the first of equal ones.

Sources: https://github.com/jenkinsci/xunit-plugin (junit-10.xsd),
https://docs.gitlab.com/ci/testing/unit_test_reports.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gameday.core.values import Instant, Seconds, format_instant
from gameday.render import words

STATES = {"failures": "failure", "errors": "error", "skipped": "skipped"}
"""The attribute that counts each state of a case that is not passed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One test case. state: passed | failure | error | skipped."""

    name: str
    state: str
    message: str = ""
    seconds: Seconds = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """The cases of one scenario. began: when, if known; file: the scenario's, if known."""

    name: str
    cases: tuple[Case, ...]
    seconds: Seconds = 0.0
    began: Instant | None = None
    file: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)


def document(suites: Sequence[Suite], seconds: Seconds) -> str:
    """Write a document. seconds: how long it all took."""
    counts = _counts(case for suite in suites for case in suite.cases)
    # The schema allows no such attribute here; see above.
    del counts["skipped"]
    root = ET.Element("testsuites", {"name": "gameday", **counts, "time": f"{seconds:.3f}"})
    for suite in suites:
        _add_suite(root, suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _counts(cases: Iterable[Case]) -> dict[str, str]:
    states = [case.state for case in cases]
    counted = {name: str(states.count(state)) for name, state in STATES.items()}
    return {"tests": str(len(states)), **counted}


def _add_suite(root: ET.Element, suite: Suite) -> None:
    attributes = {"name": words.legal(suite.name), **_counts(suite.cases), "time": f"{suite.seconds:.3f}"}
    if suite.began is not None:
        # The schema's pattern has no zone.
        attributes["timestamp"] = format_instant(suite.began).removesuffix("Z")
    if suite.file:
        attributes["file"] = words.legal(suite.file)
    element = ET.SubElement(root, "testsuite", attributes)
    holder = ET.SubElement(element, "properties")
    for name, value in suite.properties.items():
        ET.SubElement(holder, "property", {"name": name, "value": words.legal(value)})
    for case in suite.cases:
        _add_case(element, case, suite.name)


def _add_case(holder: ET.Element, case: Case, suite: str) -> None:
    attributes = {
        "name": words.legal(case.name),
        "classname": words.legal(f"gameday.{suite}"),
        "time": f"{case.seconds:.3f}",
    }
    element = ET.SubElement(holder, "testcase", attributes)
    if case.state != "passed":
        verdict = ET.SubElement(element, case.state, {"message": words.legal(case.message)})
        verdict.text = words.legal(case.message)
