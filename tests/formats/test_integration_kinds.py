from pathlib import Path

from gameday import wiring
from gameday.formats import integration_kinds
from gameday.formats.settings.reader import Integration, Secret, Settings
from gameday.settings import Workspace
from gameday.signals import systems as signal_systems


def test_the_systems_that_files_may_name_are_those_whose_payloads_are_read() -> None:
    assert tuple(signal_systems.SYSTEMS) == integration_kinds.ALERT_SYSTEMS


def test_what_is_a_channel_in_a_file_is_one_for_the_announcer(tmp_path: Path) -> None:
    integrations = {
        kind: Integration(name=kind, kind=kind, secret=Secret("env:X"))
        for kind in integration_kinds.INTEGRATION_KINDS
    }
    space = Workspace(root=tmp_path, settings=Settings(integrations=integrations))
    assert tuple(wiring.announcer(space).channels) == space.settings.channels == (integration_kinds.CHANNEL,)
