"""An experiment's own packages are resolved and installed by the real uv, from a folder of wheels."""

import asyncio
import json
import os
import stat
import threading
import time
from dataclasses import replace

import pytest

from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.faults import packages
from gameday.faults.rollbacks import needs
from gameday.faults.rollbacks.player import ChildRollbackPlayer
from tests.faults import wheels
from tests.faults.building import DRILL, RecordedFacts, conduct, experiment, python, request

WANTED = ["chaos-tiny"]
URL = "http://127.0.0.1:1"


@pytest.fixture
def index(tmp_path, monkeypatch):
    for name, value in wheels.settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    wheels.build(tmp_path / "wheels")
    return tmp_path / "wheels"


def fake_uv(tmp_path, monkeypatch, script):
    """Put a command in uv's place."""
    command = tmp_path / "bin" / "uv"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")


def own(**more):
    """Give a request for an experiment whose method and rollbacks are in a package of its own."""
    action = python("a", "ok")
    action["provider"]["module"] = "chaos_tiny"
    made = experiment(
        URL, method=[action], rollbacks=[action], runtime={"python": {"dependencies": WANTED}}, **more
    )
    return made, json.dumps({"packages": str(packages.folder_for(WANTED))})


def test_what_is_wanted_is_installed_into_a_folder_of_its_own(index):
    described = packages.install(WANTED)
    folder = packages.folder_for(WANTED)
    assert described == f"chaos-tiny 1.0, in {folder}"
    assert (folder / "chaos_tiny.py").read_text() == wheels.SOURCE


def test_what_is_installed_is_kept_and_what_was_changed_is_installed_again(index):
    packages.install(WANTED)
    module = packages.folder_for(WANTED) / "chaos_tiny.py"
    before = module.stat().st_ino
    packages.install(WANTED)
    assert module.stat().st_ino == before
    module.write_text("raise SystemExit\n")
    packages.install(WANTED)
    assert module.read_text() == wheels.SOURCE


def test_versions_stay_as_they_were_resolved_and_their_hashes_are_known(index):
    assert packages.known(WANTED) == {"packages": "not resolved yet"}
    first = packages.resolved(WANTED)
    assert first["package chaos-tiny"].startswith("1.0,sha256:")
    wheels.build(index, version="2.0")
    assert packages.resolved(WANTED) == packages.known(WANTED) == first
    assert packages.resolved(["chaos-tiny>=2"])["package chaos-tiny"].startswith("2.0,sha256:")


def test_a_wheel_with_another_hash_is_not_installed(index, tmp_path, monkeypatch):
    packages.resolved(WANTED)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))  # uv's cache would still have the first
    wheels.build(index, source="raise SystemExit\n")
    with pytest.raises(NotReady, match=r"uv can't install the experiment's packages: .*[Hh]ash"):
        packages.install(WANTED)
    assert not packages.folder_for(WANTED).exists()


def test_a_package_without_a_wheel_is_not_installed(index):
    with pytest.raises(NotReady, match=r"uv can't resolve the experiment's packages: .*chaos-huge"):
        packages.install(["chaos-huge"])
    (index / "chaos_huge-1.0.tar.gz").write_bytes(b"a source, which would run to be built")
    with pytest.raises(NotReady, match="can't resolve"):
        packages.install(["chaos-huge"])


def test_without_uv_it_says_what_installs_it(index, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(packages.sysconfig, "get_path", lambda _scheme: "/nowhere")
    with pytest.raises(NotReady, match="uv is not installed") as refused:
        packages.install(WANTED)
    assert (refused.value.exit_code, refused.value.hint) == (5, "pip install uv")


def test_uv_is_found_next_to_python_as_its_package_puts_it(index, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert packages.install(WANTED).startswith("chaos-tiny 1.0")


def test_uv_ends_at_its_time_limit_with_what_it_started(index, tmp_path, monkeypatch):
    fake_uv(tmp_path, monkeypatch, f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    monkeypatch.setattr(packages, "LIMIT", 0.5)
    with pytest.raises(NotReady, match=r"no end within 0\.5 s"):
        packages.install(WANTED)
    assert_gone(tmp_path / "pid")


def test_uv_ends_once_it_is_unwanted(index, tmp_path, monkeypatch):
    fake_uv(tmp_path, monkeypatch, f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    unwanted = threading.Event()

    def end_once_it_runs():
        while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n")):
            time.sleep(0.02)
        unwanted.set()

    threading.Thread(target=end_once_it_runs, daemon=True).start()
    begin = time.monotonic()
    with pytest.raises(NotReady):
        packages.install(WANTED, unwanted)
    assert time.monotonic() - begin < 50
    assert_gone(tmp_path / "pid")


def assert_gone(written):
    end = time.monotonic() + 10
    while os.path.exists(f"/proc/{written.read_text().strip()}/cwd"):  # noqa: PTH110  # a zombie has none
        assert time.monotonic() < end
        time.sleep(0.02)


def test_uv_gets_its_settings_and_neither_keys_nor_tokens(index, tmp_path, monkeypatch):
    for name in (
        "AWS_SECRET_ACCESS_KEY",
        "GAMEDAY_SIGNING_KEY",
        "SLACK_TOKEN",
        "UV_PUBLISH_TOKEN",
        "KUBECONFIG",
    ):
        monkeypatch.setenv(name, "t0p-secret")
    fake_uv(tmp_path, monkeypatch, f"env > {tmp_path}/env; exit 1")
    with pytest.raises(NotReady):
        packages.install(WANTED)
    given = (tmp_path / "env").read_text()
    assert f"UV_FIND_LINKS={index}\n" in given
    assert "t0p-secret" not in given


def test_requests_that_name_none_install_nothing(index, tmp_path):
    assert packages.install_for([request(experiment(URL))], threading.Event()) == ""
    assert not (tmp_path / "state").exists()


def test_method_and_rollbacks_are_found_there_also_by_a_process_that_did_not_inject(index, tmp_path):
    made, options = own()
    asked = replace(request(made), options=options)
    assert packages.install_for([asked], threading.Event()).startswith("chaos-tiny 1.0, in ")

    async def once_held(run, recorded):
        await recorded.wait(ev.FaultHeld)
        await run.release()

    recorded, outcome = conduct(made, tmp_path, once_held, options=options)
    assert outcome.settled.undone
    assert {fact.status for fact in recorded.of_kind(ev.ActivityFinished)} == {"succeeded"}
    assert needs.lacking(asked, {}) == ()
    assert played(asked).undone


def test_what_is_not_installed_is_lacking_and_injects_nothing(index, tmp_path):
    made, options = own()
    asked = replace(request(made), options=options)
    assert needs.lacking(asked, {}) == ("module chaos_tiny is not installed",)

    async def until_it_ends(_run, _recorded):
        pass

    recorded, outcome = conduct(made, tmp_path, until_it_ends, options=options)
    assert not recorded.of_kind(ev.FaultInjected)
    assert not outcome.touched
    assert "chaos_tiny" in outcome.error


def played(asked):
    """Play rollbacks as after a crash."""

    async def main():
        player = ChildRollbackPlayer(DRILL)
        try:
            return await player.play(asked, 1, "keeper", RecordedFacts(), ask=False)
        finally:
            await player.close()

    return asyncio.run(main())
