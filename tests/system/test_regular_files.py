"""Only ordinary files are opened, whatever a stranger has put in their place."""

import os
import socket
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.system import regular_files
from gameday.system.regular_files import NotRegularError


def pipe(place: Path) -> None:
    os.mkfifo(place)


def folder(place: Path) -> None:
    place.mkdir()


def device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def listener(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("make", [pipe, folder, device, listener])
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_CREAT, os.O_WRONLY | os.O_APPEND])
def test_what_is_no_file_is_not_opened(tmp_path, monkeypatch, make, flags):
    monkeypatch.chdir(tmp_path)  # a socket's name is short
    make(Path("x"))
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(NotRegularError, match="not an ordinary file"):
        os.close(regular_files.open_regular(Path("x"), flags))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_file_is_read_and_made_for_its_owner(tmp_path):
    file = tmp_path / "x"
    descriptor = regular_files.open_regular(file, os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, b"hello")
    os.close(descriptor)
    assert regular_files.read_regular(file) == b"hello"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_link_to_a_file_is_a_file(tmp_path):
    (tmp_path / "x").write_text("hello")
    (tmp_path / "link").symlink_to(tmp_path / "x")
    assert regular_files.read_regular(tmp_path / "link") == b"hello"


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path):
    (tmp_path / "x").write_bytes(bytes(11))
    with pytest.raises(OSError, match="larger than 10 bytes"):
        regular_files.read_regular(tmp_path / "x", largest=10)


def test_what_is_not_there_is_not_called_something_else(tmp_path):
    with pytest.raises(FileNotFoundError):
        regular_files.read_regular(tmp_path / "x")


# --- what is made in a group's folder ---


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@given(above=st.integers(0, 0o777).map(lambda bits: bits | 0o700), setgid=st.booleans())
def test_a_new_folder_has_the_rights_of_its_group_and_never_more(tmp_path_factory, above, setgid):
    parent = tmp_path_factory.mktemp("x")
    parent.chmod(above | (stat.S_ISGID if setgid else 0))
    made = parent / "a" / "b"
    regular_files.make_folder(made)
    for folder in (made, made.parent):
        assert mode(folder) & 0o777 == 0o700 | (above & 0o070 if setgid else 0)
    file = made / "file"
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY, 0o600)
    regular_files.share(file, descriptor)
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
    regular_files.share(laid, descriptor if opened else None)
    os.close(descriptor)
    assert mode(secret) == 0o600


def test_a_folder_that_can_not_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        regular_files.make_folder(tmp_path / "file" / "x")
