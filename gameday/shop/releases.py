"""The shop's releases: what each one changes when it is deployed.

Two of them are broken on purpose, for the catalogue's experiments to deploy.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """A release and its manifest.

    flags        feature flags that it sets
    session_key  the name of the secret that signs sessions
    drops        indexes that its migration drops
    """

    name: str
    notes: str
    flags: dict[str, bool] = field(default_factory=dict)
    session_key: str = "sessions-a"
    drops: tuple[str, ...] = ()


STABLE = Release(name="41", notes="What customers know.", flags={"new-ranking": False})

RELEASES = {
    release.name: release
    for release in (
        STABLE,
        Release(
            name="42-ranking",
            notes="Ranks products by recent sales.",
            flags={"new-ranking": True},
            drops=("sales-by-category",),
        ),
        Release(
            name="42-sessions",
            notes="Signs sessions with the new key.",
            flags={"new-ranking": False},
            session_key="sessions-b",
        ),
    )
}

SECRETS = {"sessions-a": b"the first key of a shop that sells nothing"}
"""The secrets of this environment. `sessions-b` is missing: that causes the login outage."""

API_KEYS = ("web", "mobile", "partner")
"""The API keys that were issued; a request without one is served, too."""
