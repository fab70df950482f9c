"""The shop's faults, as Chaos Toolkit experiments name them: actions, their rollbacks, and probes.

Every fault has a rollback that does no harm when it is played twice, and a probe that tells whether it
is still in force, so that what the team has undone is not undone again. `control` is the control
server's URL; left out, GAMEDAY_SHOP_CONTROL or the state folder says it. Plain functions and the standard
library only. They raise GamedayError with a sentence that says what is wrong.

fault                rollback          still in force
deploy_release       undeploy_release  release_is_exposed
kill_replica         revive_replicas   a_replica_is_dead
delay_at_edge        clear_edge        edge_is_faulty
abort_at_edge        clear_edge        edge_is_faulty
slow_payments        restore_payments  payments_are_slow
"""

from __future__ import annotations

from typing import Any

from gameday.core.errors import GamedayError, NotReady
from gameday.shop import client
from gameday.system import clock

RANKING = "42-ranking"
PROBE_SECONDS = 5.0


def _do(action: str, control: str, **args: object) -> str:
    body = {"action": action, "actor": f"fault:{action}", "args": args}
    return str(client.post("/actions", body, control)["action"])


def _status(control: str) -> dict[str, Any]:
    status: dict[str, Any] = client.get("/status", control)
    return status


def deploy_release(release: str, control: str = "") -> str:
    """Deploy a release: `42-ranking` brings the unindexed query, `42-sessions` breaks every login."""
    return _do("deploy", control, release=release)


def undeploy_release(release: str, control: str = "") -> str:
    """Roll a release back if it is the one that serves."""
    return _do("undeploy", control, release=release)


def release_is_exposed(release: str, control: str = "") -> bool:
    """Tell whether a release serves and still hurts: flag off, index added or breaker open end it."""
    shop = _status(control)
    mended = (
        not shop["flags"]["new-ranking"]
        or shop["indexes"]["sales-by-category"]
        or shop["breakers"]["recommendations"] == "open"
    )
    return bool(shop["release"] == release and (release != RANKING or not mended))


def kill_replica(replica: str = "", control: str = "") -> str:
    """Kill a replica, by name or the last that lives; it stays dead until somebody restarts it."""
    return _do("kill-replica", control, replica=replica)


def revive_replicas(control: str = "") -> str:
    """Start every replica that died."""
    return _do("restart-dead", control)


def a_replica_is_dead(control: str = "") -> bool:
    """Tell whether the edge sends users to a replica that is dead."""
    return any(not replica["up"] for replica in _status(control)["replicas"])


def delay_at_edge(seconds: float, percent: int = 100, route: str = "*", control: str = "") -> str:
    """Delay a share of a route's requests by Envoy's fault filter; `*` is every route."""
    return _do("edge-fault", control, route=route, delay=seconds, delay_percent=percent)


def abort_at_edge(percent: int, status: int = 503, route: str = "*", control: str = "") -> str:
    """Answer a share of a route's requests with an error by Envoy's fault filter."""
    return _do("edge-fault", control, route=route, abort_percent=percent, abort_status=status)


def clear_edge(route: str = "*", control: str = "") -> str:
    """Take delays and aborts away from a route."""
    return _do("edge-clear", control, route=route)


def edge_is_faulty(route: str = "*", control: str = "") -> bool:
    """Tell whether a route is delayed or aborted."""
    faults = _status(control)["edge_faults"]
    return bool(faults) if route == "*" else route in faults


def slow_payments(seconds: float, control: str = "") -> str:
    """Let the payment provider take so long; beyond 10 s checkouts fail."""
    return _do("payments", control, seconds=seconds)


def restore_payments(control: str = "") -> str:
    """Let the payment provider answer as fast as ever."""
    return _do("payments", control)


def payments_are_slow(control: str = "") -> bool:
    """Tell whether checkouts wait for a slow payment provider; an open breaker spares them."""
    shop = _status(control)
    return bool(shop["payments_seconds"] > 0.2 and shop["breakers"]["payments"] == "closed")


def shop_is_healthy(control: str = "") -> bool:
    """Tell whether the edge and all wanted replicas run, and users get an answer."""
    shop = _status(control)
    return bool(shop["healthy"]) and _ask(f"{shop['base_url']}/products")[1] < 500


def login_works(control: str = "") -> bool:
    """Tell whether a customer who knows the password gets a session."""
    url = f"{_status(control)['base_url']}/login"
    body = '{"user": "user1", "password": "password1"}'
    try:
        return client.exchange("POST", url, body, timeout=PROBE_SECONDS)[0] == 200
    except NotReady:
        return False


def p95_below(
    seconds: float, path: str = "/products?category=1", requests: int = 20, control: str = ""
) -> bool:
    """Ask the edge itself, and tell whether 95 % of the answers came within so many seconds.

    Stops asking after 5 s, since slow answers have then said enough; a failure counts as slow.
    """
    took = [spent if status < 500 else float("inf") for spent, status in _sample(path, requests, control)]
    return sorted(took)[max(0, round(0.95 * len(took)) - 1)] <= seconds


def error_rate_below(
    percent: float, path: str = "/products?category=1", requests: int = 20, control: str = ""
) -> bool:
    """Ask the edge itself, and tell whether fewer than so many percent of the answers were errors."""
    statuses = [status for _, status in _sample(path, requests, control)]
    return 100 * sum(status >= 500 for status in statuses) / len(statuses) < percent


def _sample(path: str, requests: int, control: str) -> list[tuple[float, int]]:
    if requests < 1:
        raise GamedayError(f"at least one request is needed, not {requests}")
    url = _status(control)["base_url"] + path
    until = clock.monotonic() + PROBE_SECONDS
    samples = [_ask(url)]
    while len(samples) < requests and clock.monotonic() < until:
        samples.append(_ask(url))
    return samples


def _ask(url: str) -> tuple[float, int]:
    """Make one request as a user; give seconds and status. Nobody answering is a 503."""
    begin = clock.monotonic()
    try:
        status, _ = client.exchange("GET", url, timeout=PROBE_SECONDS)
    except NotReady:
        status = 503
    return clock.monotonic() - begin, status
