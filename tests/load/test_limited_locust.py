"""What is changed in Locust's process before it starts; `test_limits` has it in a real one."""

from __future__ import annotations

import os

from gameday.load import limited_locust
from gameday.load.limits import LoadCounts, LoadLimits


def test_no_proxy_of_the_environment_is_left(monkeypatch):
    for name in ("HTTP_PROXY", "https_proxy", "All_Proxy", "no_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    limited_locust._without_proxies()
    left = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    assert left == {"NO_PROXY": "*", "no_proxy": "*"}


def test_a_client_that_is_imported_later_is_counted_once(monkeypatch):
    class ClientSession:
        def _request(self):
            return "answer"

    counts = LoadCounts(LoadLimits(max_rps=100.0))
    monkeypatch.setitem(
        limited_locust.sys.modules, "aiohttp", type("aiohttp", (), {"ClientSession": ClientSession})
    )
    watched: set[str] = set()
    limited_locust.watch_further_clients(counts, watched)
    limited_locust.watch_further_clients(counts, watched)
    assert ClientSession()._request() == "answer"
    assert counts._total() == 1
