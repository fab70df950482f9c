"""An error of a rule names a command's options in the place of a request's fields."""

from __future__ import annotations

import pytest

from gameday.cli.shared.field_errors import option_names
from gameday.core.errors import Busy, UsageError


@pytest.mark.parametrize("kind", [UsageError, Busy])
def test_fields_become_options_in_message_and_hint_and_other_words_stay(kind):
    with pytest.raises(kind) as raised, option_names(start="--from", at="--at"):
        raise kind("`at` already gives the time, `make` and at stay", hint="leave out `start`")
    assert str(raised.value) == raised.value.message == "--at already gives the time, `make` and at stay"
    assert raised.value.hint == "leave out --from"


def test_without_an_error_nothing_happens():
    with option_names(at="--at"):
        pass
