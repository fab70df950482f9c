"""When the process that counts targets is asked, and what becomes of no answer."""

import pytest

from gameday.core.errors import NotReady
from tests.faults.cluster import action, experiment
from tests.faults.conftest import Asking
from tests.faults.resolving import resolve


def test_without_extensions_nobody_is_asked(asking):
    assert resolve(asking, experiment(action("f", "gameday.shop.actions"))) == ()
    assert resolve(asking, "{", path="e.json") == ()


def test_a_cluster_that_does_not_answer_is_reported(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBERNETES_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    asking = Asking()
    with pytest.raises(NotReady, match="targets can't be counted"):
        resolve(asking, experiment(action("terminate_pods", ns="shop")))
    asking.close()
