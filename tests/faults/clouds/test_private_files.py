"""Files that only this user may read, whatever was in their place."""

from __future__ import annotations

import stat

from gameday.faults.clouds import private_files


def test_a_file_is_private_whatever_was_there(tmp_path):
    file, victim = tmp_path / "folder" / "keys", tmp_path / "victim"
    private_files.write(file, "one")
    file.chmod(0o644)
    (file.parent / ".keys.part").symlink_to(victim)
    private_files.write(file, "two")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("two", 0o600)
    assert not victim.exists()
