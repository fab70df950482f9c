"""Files stay inside the workspace, and commands are the files that they lead to."""

import pytest

from gameday.system import files


def test_a_file_of_the_folder_is_read(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x").write_bytes(b"here")
    assert files.read_within(tmp_path, "sub/x") == b"here"
    assert files.read_within(tmp_path, "sub/../sub/x") == b"here"


@pytest.mark.parametrize("path", ["../secret", "/etc/hostname", "sub/../../secret", "link", "folder/secret"])
def test_no_path_and_no_link_leads_out(tmp_path, path):
    inside, outside = tmp_path / "in", tmp_path / "secret"
    inside.mkdir()
    outside.write_text("canary")
    (inside / "link").symlink_to(outside)
    (inside / "folder").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="leads out"):
        files.read_within(inside, path)


def test_a_large_file_is_refused_and_a_missing_one_is_an_os_error(tmp_path):
    (tmp_path / "x").write_bytes(b"12345")
    assert files.read_within(tmp_path, "x", largest=5) == b"12345"
    with pytest.raises(ValueError, match="larger"):
        files.read_within(tmp_path, "x", largest=4)
    with pytest.raises(FileNotFoundError):
        files.read_within(tmp_path, "y")


def test_a_command_is_the_file_behind_its_links(tmp_path):
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    (tmp_path / "link").symlink_to(tool)
    assert files.real_command(str(tmp_path / "link")) == str(tool)
    assert files.real_command("no-such-command-at-all") == "no-such-command-at-all"


def test_chaos_toolkit_s_settings_are_read_from_home_or_are_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.chaos_settings() == b""
    (tmp_path / ".chaostoolkit").mkdir()
    (tmp_path / ".chaostoolkit" / "settings.yaml").write_bytes(b"controls: {}\n")
    assert files.chaos_settings() == b"controls: {}\n"


def test_locust_s_options_are_read_from_home_or_are_empty(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.locust_conf() == b""
    (tmp_path / ".locust.conf").write_bytes(b"users = 3\n")
    assert files.locust_conf() == b"users = 3\n"
