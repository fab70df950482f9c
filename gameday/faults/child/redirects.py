"""Keeps HTTP activities where the policy let them go: a redirect to another origin fails the activity.

Comes in: nothing. Goes out: chaoslib's HTTP provider with sessions that stay at the scheme, host and
port that they were given. Does not: touch what Python functions do with requests of their own.

The policy judges the URL that stands in the experiment; whoever answers it must not choose another.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import requests
from chaoslib.exceptions import ActivityFailed
from chaoslib.provider import http


class StayingSession(requests.Session):
    """A session that follows redirects within one origin only."""

    def rebuild_auth(self, prepared_request: Any, response: requests.Response) -> None:
        """Judge where a redirect leads; requests calls this for each, before it sends anything there."""
        start, end = urlsplit(response.request.url or ""), urlsplit(prepared_request.url)
        if (start.scheme, start.netloc) != (end.scheme, end.netloc):
            raise ActivityFailed(
                f"{start.hostname} redirected to {end.hostname}, which the policy did not judge"
            )
        super().rebuild_auth(prepared_request, response)


def stay() -> None:
    """Let the HTTP provider use such sessions from now on."""
    http.requests = SimpleNamespace(
        Session=StayingSession, adapters=requests.adapters, exceptions=requests.exceptions
    )
