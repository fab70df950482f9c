"""Of those who do the same, one goes at a time."""

import threading

from gameday.storage.spill import file_lock
from gameday.system.state_folder import state_folder


def files():
    return list((state_folder() / file_lock.FOLDER).iterdir())


def test_one_goes_at_a_time_and_no_file_stays():
    inside, most = [], []

    def go():
        for _ in range(20):
            with file_lock.held("a"):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (80, 1)
    assert files() == []


def test_what_has_another_name_does_not_wait():
    with file_lock.held("a"), file_lock.held("b"):
        assert len(files()) == 2


def test_where_no_file_can_be_locked_nobody_waits(tmp_path, monkeypatch):
    (tmp_path / "gameday").mkdir(mode=0o700)
    (tmp_path / "gameday" / file_lock.FOLDER).write_text("a file, not a folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with file_lock.held("a"), file_lock.held("a"):
        pass
