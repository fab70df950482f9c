"""What a process knows to be secret, and what its children learn of it."""

from __future__ import annotations

import pytest

from gameday.system import known_secrets


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setenv(known_secrets.VARIABLE, "")
    known_secrets.redactor.cache_clear()
    yield
    known_secrets.redactor.cache_clear()


def test_the_environment_and_its_references_are_known_from_the_start(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("k3y-of-a-file\n")
    monkeypatch.setenv("PLAIN_NAME", "v4lue-of-a-variable")
    monkeypatch.setenv(
        known_secrets.VARIABLE, f"env:PLAIN_NAME\nfile:{tmp_path / 'key'}\nfile:/none\nenv:NONE"
    )
    text = known_secrets.redactor().text("v4lue-of-a-variable and k3y-of-a-file")
    assert "v4lue" not in text
    assert "k3y" not in text


def test_a_learned_reference_is_known_here_and_handed_on_without_its_value(monkeypatch):
    monkeypatch.setenv("PLAIN_NAME", "v4lue-of-a-variable")
    known_secrets.learn_references(["env:PLAIN_NAME"])
    assert "v4lue" not in known_secrets.redactor().text("v4lue-of-a-variable")
    assert known_secrets.os.environ[known_secrets.VARIABLE].split() == ["env:PLAIN_NAME"]


def test_references_add_up(monkeypatch):
    monkeypatch.setenv("A", "first-secret")
    monkeypatch.setenv("B", "second-secret")
    known_secrets.learn_references(["env:A"])
    known_secrets.learn_references(["env:B"])
    assert known_secrets.os.environ[known_secrets.VARIABLE].split() == ["env:A", "env:B"]
