"""The shop's faults, as Chaos Toolkit experiments name them: actions, their rollbacks, and probes.

Every fault has a rollback that can safely be played twice, and a probe for whether it is still in force, so
that what the team has undone is not undone again. `control` is the control server's URL; its default is
GAMEDAY_SHOP_CONTROL, else the state folder's record. Plain functions, standard library only, because every
experiment's process imports them. They raise GamedayError with a sentence that says what is wrong.

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


def _perform(action: str, control: str, **args: object) -> str:
    # By this prefix, readers of the trail leave out what the experiment itself does.
    body = {"action": action, "actor": f"fault:{action}", "args": args}
    return str(client.post("/actions", body, control)["action"])


def _status(control: str) -> dict[str, Any]:
    status: dict[str, Any] = client.get("/status", control)
    return status


def deploy_release(release: str, control: str = "") -> str:
    """Deploy a release: `42-ranking` brings the unindexed query, `42-sessions` breaks every login."""
    return _perform("deploy", control, release=release)


def undeploy_release(release: str, control: str = "") -> str:
    """Roll a release back if it is the one that serves."""
    return _perform("undeploy", control, release=release)


def release_is_exposed(release: str, control: str = "") -> bool:
    """Check whether a release serves and still affects users: flag, index and breaker can end that."""
    shop = _status(control)
    fixed = (
        not shop["flags"]["new-ranking"]
        or shop["indexes"]["sales-by-category"]
        or shop["breakers"]["recommendations"] == "open"
    )
    return bool(shop["release"] == release and (release != RANKING or not fixed))


def kill_replica(replica: str = "", control: str = "") -> str:
    """Kill a replica, by name or the last one alive; it stays dead until somebody restarts it."""
    return _perform("kill-replica", control, replica=replica)


def revive_replicas(control: str = "") -> str:
    """Start every replica that died."""
    return _perform("restart-dead", control)


def a_replica_is_dead(control: str = "") -> bool:
    """Check whether the edge sends users to a replica that is dead."""
    return any(not replica["up"] for replica in _status(control)["replicas"])


def delay_at_edge(seconds: float, percent: int = 100, route: str = "*", control: str = "") -> str:
    """Delay a share of a route's requests by Envoy's fault filter; `*` is every route."""
    return _perform("edge-fault", control, route=route, delay=seconds, delay_percent=percent)


def abort_at_edge(percent: int, status: int = 503, route: str = "*", control: str = "") -> str:
    """Answer a share of a route's requests with an error by Envoy's fault filter."""
    return _perform("edge-fault", control, route=route, abort_percent=percent, abort_status=status)


def clear_edge(route: str = "*", control: str = "") -> str:
    """Remove delays and aborts from a route."""
    return _perform("edge-clear", control, route=route)


def edge_is_faulty(route: str = "*", control: str = "") -> bool:
    """Check whether a route is delayed or aborted."""
    faults = _status(control)["edge_faults"]
    return bool(faults) if route == "*" else route in faults


def slow_payments(seconds: float, control: str = "") -> str:
    """Set how long the payment provider takes; beyond 10 s checkouts fail."""
    return _perform("payments", control, seconds=seconds)


def restore_payments(control: str = "") -> str:
    """Let the payment provider answer at its usual speed."""
    return _perform("payments", control)


def payments_are_slow(control: str = "") -> bool:
    """Check whether checkouts wait for a slow payment provider; with an open breaker they do not."""
    shop = _status(control)
    return bool(shop["payments_seconds"] > 0.2 and shop["breakers"]["payments"] == "closed")


def shop_is_healthy(control: str = "") -> bool:
    """Check whether the edge and all wanted replicas run, and users get an answer."""
    shop = _status(control)
    return bool(shop["healthy"]) and _request(f"{shop['base_url']}/products")[1] < 500


def login_works(control: str = "") -> bool:
    """Check whether a customer who knows the password gets a session."""
    url = f"{_status(control)['base_url']}/login"
    body = '{"user": "user1", "password": "password1"}'
    try:
        return client.exchange("POST", url, body, timeout=PROBE_SECONDS)[0] == 200
    except NotReady:
        return False


def p95_below(
    seconds: float, path: str = "/products?category=1", requests: int = 20, control: str = ""
) -> bool:
    """Request from the edge itself, and check whether 95 % of the answers came within so many seconds.

    Stops after 5 s, since the result is clear by then; a failure counts as slow.
    """
    durations = [took if status < 500 else float("inf") for took, status in _sample(path, requests, control)]
    return sorted(durations)[max(0, round(0.95 * len(durations)) - 1)] <= seconds


def error_rate_below(
    percent: float, path: str = "/products?category=1", requests: int = 20, control: str = ""
) -> bool:
    """Request from the edge itself, and check whether less than a share of the answers were errors."""
    statuses = [status for _, status in _sample(path, requests, control)]
    return 100 * sum(status >= 500 for status in statuses) / len(statuses) < percent


def _sample(path: str, requests: int, control: str) -> list[tuple[float, int]]:
    if requests < 1:
        raise GamedayError(f"at least one request is needed, not {requests}")
    url = _status(control)["base_url"] + path
    end = clock.monotonic() + PROBE_SECONDS
    samples = [_request(url)]
    while len(samples) < requests and clock.monotonic() < end:
        samples.append(_request(url))
    return samples


def _request(url: str) -> tuple[float, int]:
    """Make one request as a user; give seconds and status. No answer counts as 503."""
    begin = clock.monotonic()
    try:
        status, _ = client.exchange("GET", url, timeout=PROBE_SECONDS)
    except NotReady:
        status = 503
    return clock.monotonic() - begin, status
