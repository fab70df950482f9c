"""JUnit XML against the schema of CI systems, as `junit.xsd` states it; and its counts against its cases."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from functools import cache
from pathlib import Path

import xmlschema


@cache
def _schema():
    return xmlschema.XMLSchema(Path(__file__).parent / "junit.xsd")


def complaints(text: str) -> list[str]:
    """Say what is wrong with a document; empty: nothing."""
    found = [f"{one.path}: {one.reason}" for one in _schema().iter_errors(ET.fromstring(text))]
    root = ET.fromstring(text)
    for suite in root:
        cases = suite.findall("testcase")
        names = [case.get("name") for case in cases]
        found += [
            f"{suite.get('name')}: two cases are called {n}" for n, c in Counter(names).items() if c > 1
        ]
        found += _miscounted(suite, cases)
    return found + _miscounted(root, root.findall(".//testcase"))


def _miscounted(holder, cases) -> list[str]:
    counts = {"tests": len(cases)}
    for attribute, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        counts[attribute] = sum(case.find(element) is not None for case in cases)
    told = {name: holder.get(name) for name in counts if holder.get(name) is not None}
    return [f"{n}: told {t}, counted {counts[n]}" for n, t in told.items() if int(t) != counts[n]]
