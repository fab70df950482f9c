"""What docs/how-to/alertmanager.md says to paste is valid: for gameday, and for Alertmanager itself."""

import re
import subprocess

import pytest

from gameday.formats.settings import reader as settings
from gameday.formats.text import reader
from gameday.signals.inbox import server
from gameday.signals.inbox.polling import POLL_INTERVAL
from tests import monitoring
from tests.formats import mistakes
from tests.paths import ROOT

PAGE = (ROOT / "docs/how-to/alertmanager.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", blocks("toml"))
def test_the_settings_to_paste_have_no_mistake(text):
    named = text if "[environments." in text else f'[environments.staging]\nintegrations = ["pager"]\n{text}'
    checked = settings.check(reader.read(named.encode(), "gameday.toml"), {})
    assert mistakes.as_lines(checked.mistakes) == []
    (pager,) = checked.value.environment("staging").integrations
    assert pager.system == "alertmanager"


def test_alertmanager_takes_the_receiver_to_paste(tmp_path):
    monitoring.needed("prometheus-alertmanager")
    (text,) = blocks("yaml")
    (tmp_path / "alertmanager.yml").write_text(text)
    checked = subprocess.run(
        ["amtool", "check-config", tmp_path / "alertmanager.yml"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_limits_are_those_of_the_code():
    assert f"| 408, 413 | slower than {server.BODY_WITHIN:g} s; more than {server.CAP >> 20} MiB" in PAGE
    assert "every two seconds" in PAGE
    assert POLL_INTERVAL == 2
