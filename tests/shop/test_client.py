"""The client finds the control server, and says when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameday.core.errors import NotReady
from gameday.shop import client


def test_a_given_url_comes_before_the_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GAMEDAY_SHOP_CONTROL", "http://127.0.0.1:1")
    assert client.control_url("http://127.0.0.1:2") == "http://127.0.0.1:2"
    assert client.control_url() == "http://127.0.0.1:1"


def test_no_shop_is_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("GAMEDAY_SHOP_CONTROL", raising=False)
    monkeypatch.setenv("GAMEDAY_SHOP_HOME", str(tmp_path))
    with pytest.raises(NotReady, match="no shop of this workspace is up"):
        client.control_url()


def test_nobody_answers():
    with pytest.raises(NotReady, match=r"GET http://127\.0\.0\.1:1/status: .*refused"):
        client.get("/status", "http://127.0.0.1:1")
