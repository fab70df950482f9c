"""What is frozen of a locustfile: the file, and the modules of its own that it imports."""

from __future__ import annotations

import pytest

from gameday.load import frozen


def read_in(root):
    return lambda path: (root / path).read_bytes()


def test_imports_are_followed_through_packages_and_folders(tmp_path):
    files = {
        "load/users.py": "import helpers, os\nfrom shared.urls import BASE\nfrom shared import more",
        "load/helpers.py": "import deeper.one",
        "deeper/__init__.py": "",
        "deeper/one.py": "from . import two",
        "deeper/two.py": "this is no Python",
        "shared/__init__.py": "",
        "shared/urls.py": "from ..nowhere import x",
        "shared/more.py": "",
        "load/unused.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = frozen.sources("load/users.py", tmp_path, read_in(tmp_path))
    assert set(found) == {str(tmp_path / name) for name in files} - {str(tmp_path / "load/unused.py")}


def test_a_locustfile_that_can_not_be_read_is_an_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        frozen.sources("none.py", tmp_path, read_in(tmp_path))


def test_a_frozen_copy_that_was_changed_does_not_run(tmp_path):
    value = frozen.write({"/a.py": b"x = 1"}, tmp_path / "copy.json")
    (tmp_path / "copy.json").write_text('{"/a.py": "x = 2"}')
    with pytest.raises(SystemExit, match="was changed"):
        frozen.install(value)


def test_source_is_read_once_and_other_files_as_they_are(tmp_path):
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "approvals.toml").write_text("1")
    once = frozen.ReadOnce(read_in(tmp_path))
    assert (once("a.py"), once("approvals.toml")) == (b"1", b"1")
    (tmp_path / "a.py").write_text("2")
    (tmp_path / "approvals.toml").write_text("2")
    assert (once("./a.py"), once("approvals.toml")) == (b"1", b"2")
