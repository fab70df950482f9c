"""Only ordinary files are opened, whatever a stranger has put in their place."""

import os
import socket
from pathlib import Path

import pytest

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
