"""What is made in a group's folder is the group's; elsewhere it is its owner's alone."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.system import shared_folders


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@given(above=st.integers(0, 0o777).map(lambda bits: bits | 0o700), setgid=st.booleans())
def test_a_new_folder_has_the_rights_of_its_group_and_never_more(tmp_path_factory, above, setgid):
    parent = tmp_path_factory.mktemp("x")
    parent.chmod(above | (stat.S_ISGID if setgid else 0))
    made = parent / "a" / "b"
    shared_folders.make(made)
    for folder in (made, made.parent):
        assert mode(folder) & 0o777 == 0o700 | (above & 0o070 if setgid else 0)
    file = made / "file"
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY, 0o600)
    shared_folders.share(file, descriptor)
    os.close(descriptor)
    assert mode(file) == 0o600 | (above & 0o060 if setgid else 0)


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
@pytest.mark.parametrize("opened", [True, False])
def test_a_link_opens_nothing_to_the_group(tmp_path, link, opened):
    tmp_path.chmod(0o2770)
    secret = tmp_path / "secret"
    secret.touch(0o600)
    laid = tmp_path / "laid"
    getattr(laid, link)(secret)
    descriptor = os.open(laid, os.O_RDONLY)
    shared_folders.share(laid, descriptor if opened else None)
    os.close(descriptor)
    assert mode(secret) == 0o600


def test_a_folder_that_can_not_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        shared_folders.make(tmp_path / "file" / "x")
