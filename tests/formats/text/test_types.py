from typing import Annotated, Any

import pytest

from gameday.core.values import Severity
from gameday.formats.text import models, types
from gameday.formats.text.document import Document
from gameday.formats.text.models import FromVariable, Strict
from tests.formats import mistakes


class Values(Strict):
    duration: types.Duration = 0.0
    longer: types.LongerThanZero = 1.0
    fraction: types.Fraction = 0.0
    severity: types.OneSeverity = Severity.P3
    kebab: types.Kebab = "a"
    url: types.Url = "http://h"
    optional_url: types.OptionalUrl = ""
    word: Annotated[str, types.OneOf("a word", ("one", "other"))] = "one"


def filled(key: str, value: Any) -> tuple[Any, list[str]]:
    checked = models.check(Values, Document(file="a.yaml", data={key: value}))
    return getattr(checked.value, key, None), mistakes.as_lines(checked.mistakes)


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("duration", "1h30m", 5400.0),
        ("duration", "0s", 0.0),
        ("duration", "365d", 31_536_000.0),
        ("longer", "500ms", 0.5),
        ("fraction", "99.5%", 0.995),
        ("fraction", 0.99, 0.99),
        ("fraction", 1, 1.0),
        ("severity", "P1", Severity.P1),
        ("kebab", "slow-query-2", "slow-query-2"),
        ("url", "https://user:x@h:8443/a?b=c", "https://user:x@h:8443/a?b=c"),
        ("url", "http://[::1]:9093", "http://[::1]:9093"),
        ("url", 'http://h:9093?filter=severity="critical"', 'http://h:9093?filter=severity="critical"'),
        ("optional_url", "", ""),
        ("word", "other", "other"),
    ],
)
def test_a_value_is_read_as_it_is_meant(key: str, value: Any, read: Any) -> None:
    assert filled(key, value) == (read, [])


@pytest.mark.parametrize(
    ("key", "value", "mistake"),
    [
        ("duration", "5 minutes", "'5 minutes' is not a duration | write 5m"),
        ("duration", 5, "5 has no unit; expected a duration | write 5s, 5ms or 5m"),
        ("duration", "366d", "'366d' is too long | write at most 365d"),
        ("longer", "99999999999999999999d", "'99999999999999999999d' is too long | write at most 365d"),
        ("longer", "0m", "'0m' is not longer than 0 | write a duration such as 30s"),
        ("fraction", "101%", "101% is more than 100% | write a share from 0% to 100%"),
        ("fraction", 50, "50 is not a share between 0 and 1 | write 50% or 0.5"),
        ("severity", "sev1", "'sev1' is not a severity | did you mean 'P1'?"),
        ("kebab", "Slow Query", "'Slow Query' is not an id in kebab-case | write slow-query"),
        ("url", "", "'' is not a URL | write http://HOST:PORT"),
        ("url", "ftp://ada:secret@h", "'ftp://***@h' is not a URL | write http://HOST:PORT"),
        ("url", "http://h:port", "'http://h:port' is not a URL | write http://HOST:PORT"),
        ("url", "http://h ost/", "'http://h ost/' is not a URL | write http://HOST:PORT"),
        ("url", "http://:80", "'http://:80' is not a URL | write http://HOST:PORT"),
        ("optional_url", "h:80", "'h:80' is not a URL | write http://HOST:PORT"),
        ("word", "otter", "'otter' is not a word | did you mean 'other'?"),
        (
            "word",
            FromVariable("canary"),
            "the value of its environment variable is not a word | one of: one, other",
        ),
    ],
)
def test_what_is_wrong_with_a_value_is_reported_with_a_hint(key: str, value: Any, mistake: str) -> None:
    assert filled(key, value) == (None, [f"1:1 {mistake}"])
