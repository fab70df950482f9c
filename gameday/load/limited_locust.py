"""Start Locust with the policy's limits in force: `python -P -m gameday.load.limited_locust ARGUMENTS`.

The limits must hold before the user's locustfile is imported, which may do anything. They come in
environment variables and are taken out of it. Without them, this is Locust as it is.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from gameday.load import frozen, limits
from gameday.load.limits import LoadCounts, LoadLimits
from gameday.load.network import NetworkGuard
from gameday.system.descent.parent_death import end_with_parent
from gameday.system.imports import own_sources

SOCKET = "GAMEDAY_LOAD_SOCKET"
"""The variable that names the driver's socket; without it, this is Locust as anybody else starts it."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "ws_proxy", "wss_proxy", "no_proxy")

counts: LoadCounts | None = None
"""The counts of this Locust, for the plug-in; None where nothing is limited."""


def _without_proxies() -> None:
    """Let no proxy be used: the host that it passes requests on to could not be seen."""
    for name in list(os.environ):
        if name.lower() in _PROXIES:
            del os.environ[name]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"


def _bind_forks() -> None:
    """End forked processes with the one that forked them: nobody else knows of them."""
    parents: list[int] = []
    os.register_at_fork(
        before=lambda: parents.append(os.getpid()),
        after_in_parent=parents.clear,
        after_in_child=lambda: end_with_parent(parents[-1]),
    )


def _watch_clients(limits_: LoadLimits, made: LoadCounts, guard: NetworkGuard) -> None:
    """Count the requests of HTTP clients as they begin, and check where a proxy of their own would lead."""
    import http.client  # noqa: PLC0415  # after Locust has patched the standard library

    from geventhttpclient.client import HTTPClient  # noqa: PLC0415
    from locust.user.users import User  # noqa: PLC0415

    def sent(_client: Any, *args: Any, **_keywords: Any) -> None:
        # With a proxy, the request's target is a whole URL.
        target = str(args[1]) if len(args) > 1 else ""
        if "://" in target[:8]:
            guard.check_host(urlsplit(target).hostname)
        if limits_.max_rps is not None:
            made.sent()

    _before(http.client.HTTPConnection, "putrequest", sent)
    _before(http.client.HTTPConnection, "set_tunnel", lambda _client, host, *_a, **_k: guard.check_host(host))
    _before(HTTPClient, "__init__", lambda _client, host, *_a, **_k: guard.check_host(host))
    if limits_.max_rps is not None:
        _before(HTTPClient, "request", lambda *_a, **_k: made.sent())
    if limits_.max_users is not None:
        _before(User, "start", lambda _user, group: made.users(len(group) + 1))


_FURTHER_CLIENTS = (
    ("httpcore", "ConnectionPool", "handle_request"),
    ("httpcore", "AsyncConnectionPool", "handle_async_request"),
    ("aiohttp", "ClientSession", "_request"),
)


def watch_further_clients(made: LoadCounts, watched: set[str]) -> None:
    """Count the requests of clients that are imported by now; importing them ourselves would take time."""
    for module, name, method in _FURTHER_CLIENTS:
        client = getattr(sys.modules.get(module), name, None)
        if client is not None and name not in watched:
            watched.add(name)
            _before(client, method, lambda *_a, **_k: made.sent())


def _before(owner: type, name: str, action: Callable[..., None]) -> None:
    """Call an action before each call of a method; what it raises is raised instead."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def method(*args: Any, **keywords: Any) -> Any:
        action(*args, **keywords)
        return original(*args, **keywords)

    setattr(owner, name, method)


def _main_module() -> Any:  # Any: it re-exports what it has imported
    import locust.main  # noqa: PLC0415  # patches the standard library

    return locust.main


def _decide_options() -> None:
    """Let the drill decide what it decides, whatever files, variables and arguments say.

    Of its own command line, `--processes` alone says in how many processes Locust runs.
    """
    main_module = _main_module()
    original = main_module.get_parser
    own = {"run_time": None, "headless": True, "headful": False, "autostart": False, "autoquit": -1}
    own |= {"master": False, "worker": False, "expect_workers": 1, "expect_workers_max_wait": 0}
    own |= {"list_commands": False, "show_task_ratio": False, "show_task_ratio_json": False}
    own |= {"logfile": None, "skip_log_setup": False, "web_login": False, "class_picker": False}
    if "--processes" not in sys.argv:
        own["processes"] = None

    def get_parser(*args: Any, **keywords: Any) -> Any:
        parser = original(*args, **keywords)
        parse = parser.parse_args

        def parse_args(*given: Any, **named: Any) -> Any:
            options = parse(*given, **named)
            vars(options).update(own)
            return options

        parser.parse_args = parse_args
        return parser

    main_module.get_parser = get_parser


def _hide_from_pytest() -> None:
    """Keep our plug-in out of Locust's pytest style, which would import each file a second time as tests."""
    main_module = _main_module()
    original = main_module.load_locustfile_pytest
    plugin = os.path.realpath(os.path.join(os.path.dirname(__file__), "plugin.py"))  # noqa: PTH118, PTH120

    def load_locustfile_pytest(path: str) -> Any:
        if os.path.realpath(path) == plugin:
            return {}
        frozen.keep_from_rewriting()
        return original(path)

    main_module.load_locustfile_pytest = load_locustfile_pytest


def main() -> None:
    """Put limits in force, and run Locust."""
    global counts  # noqa: PLW0603  # one Locust a process, and its plug-in looks here
    _bind_forks()
    if written := os.environ.pop(limits.VARIABLE, ""):
        _without_proxies()
        parsed = limits.parse(written)
        made = LoadCounts(parsed)
        guard = NetworkGuard(parsed, made.connected)
        import locust.main  # noqa: PLC0415, F401  # patches the standard library; before what it patches is wrapped

        _watch_clients(parsed, made, guard)
        guard.install()
        counts = made if parsed.counted else None
    own_sources.import_from_sources()
    if sources := os.environ.pop(frozen.VARIABLE, ""):
        frozen.install(sources)
    if SOCKET in os.environ:
        _decide_options()
        _hide_from_pytest()
    from locust.main import main as run  # noqa: PLC0415

    run()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    # Under its own name, too: the plug-in must find this very module, not a second one.
    sys.modules["gameday.load.limited_locust"] = sys.modules["__main__"]
    main()
