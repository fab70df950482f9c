"""Write AWS settings that hold one profile and nothing else, and name the variables that go with them.

botocore's own loaders read the files and find the credentials in use. botocore is imported in a child process
only.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

from __future__ import annotations

import configparser
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gameday.faults.clouds import private_files

CONFIG, CREDENTIALS, NONE = "aws-config", "aws-credentials", "aws-none"
"""Names of files in a drill's folder."""
PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
WEB_IDENTITY = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME")
CONTAINER = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
NO_METADATA = "AWS_EC2_METADATA_DISABLED"
_FROM_VARIABLES = {"env": KEYS, "assume-role-with-web-identity": WEB_IDENTITY, "container-role": CONTAINER}
"""By botocore's name for the way in which credentials were found: the variables that hold them."""
_CREDENTIALS = {
    *("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token"),
    *("role_arn", "source_profile", "credential_source", "credential_process", "web_identity_token_file"),
    *("sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name", "login_session"),
}
"""Settings of a profile from which an SDK would take credentials."""

Sections = dict[str, dict[str, str]]


def freeze(environ: Mapping[str, str], folder: Path) -> dict[str, str | None]:
    """Write the profile in use into `folder`, alone; give what that changes in an environment.

    Every SDK that follows these finds the same credentials: SDKs differ in what wins where variables and
    profiles are both set. Raises botocore's errors.
    """
    from botocore.session import Session  # type: ignore[import-untyped]  # noqa: PLC0415

    session: Any = Session()
    found = session.get_credentials()
    method = str(found.method) if found is not None else ""
    held = tuple(name for name in _FROM_VARIABLES.get(method, ()) if environ.get(name))
    profile = str(session.profile or "default")
    config = _sections(session.get_config_variable("config_file"))
    credentials = _sections(session.get_config_variable("credentials_file"))
    kept = _Profile(profile, config, credentials, without_credentials=bool(held))
    private_files.write(folder / CONFIG, _written(kept.config()))
    private_files.write(folder / CREDENTIALS, _written(kept.credentials()))
    named = None if held or session.profile is None else profile
    return {
        "AWS_CONFIG_FILE": str(folder / CONFIG),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / CREDENTIALS),
        **dict.fromkeys(PROFILES, named),
        **{name: None for name in (*KEYS, *WEB_IDENTITY, *CONTAINER) if name not in held},
        # Else a machine's own role would step in where these credentials have expired.
        **({} if method == "iam-role" else {NO_METADATA: "true"}),
    }


def _sections(path: str | None) -> Sections:
    from botocore.configloader import raw_config_parse  # type: ignore[import-untyped]  # noqa: PLC0415
    from botocore.exceptions import ConfigNotFound  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        sections: Sections = raw_config_parse(path, parse_subsections=False)
    except ConfigNotFound:
        return {}
    return sections


class _Profile:
    """One profile of two files, with those that it takes its credentials from.

    It is written under its own name and as the default, so that both lead to it.
    """

    def __init__(
        self, name: str, config: Sections, credentials: Sections, *, without_credentials: bool
    ) -> None:
        self._name = name
        self._config = config
        self._credentials = credentials
        self._without = without_credentials

    def config(self) -> Sections:
        """Give the sections of the configuration file."""
        kept: Sections = {}
        for name in self._names():
            if (values := self._configured(name)) is not None:
                kept["default" if name == "default" else f"profile {name}"] = self._usable(values)
        for kind in ("sso-session", "services"):
            used = {values.get(kind.replace("-", "_"), "") for values in kept.values()}
            named = {title: _named(title, kind) for title in self._config}
            kept |= {title: self._config[title] for title, name in named.items() if name and name in used}
        return _with_default(kept, f"profile {self._name}", "default")

    def credentials(self) -> Sections:
        """Give the sections of the credentials file."""
        kept = {
            name: self._usable(self._credentials[name]) for name in self._names() if name in self._credentials
        }
        return _with_default(kept, self._name, "default")

    def _names(self) -> list[str]:
        names = [self._name]
        for name in names:  # grows while it is read: a source may have a source
            values = {**(self._configured(name) or {}), **self._credentials.get(name, {})}
            source = self._usable(values).get("source_profile")
            if source and source not in names:
                names.append(source)
        return names

    def _configured(self, name: str) -> dict[str, str] | None:
        if name == "default" and "default" in self._config:
            return self._config["default"]
        titles = (title for title in self._config if _named(title, "profile") == name)
        title = next(titles, None)
        return None if title is None else self._config[title]

    def _usable(self, values: Mapping[str, str]) -> dict[str, str]:
        gone = _CREDENTIALS if self._without else set()
        return {key: value for key, value in values.items() if key not in gone}


def _named(title: str, kind: str) -> str | None:
    """Give the name in a section's title, which may be quoted."""
    word, _, name = title.partition(" ")
    return name.strip().strip("\"'") if word == kind else None


def _with_default(sections: Sections, own: str, default: str) -> Sections:
    """Add the profile as the default, unless a source of its credentials has that name."""
    if own in sections and default not in sections:
        return {**sections, default: sections[own]}
    return sections


def _written(sections: Sections) -> str:
    # No default section of its own: AWS's `default` is a profile, not a base for others.
    parser = configparser.RawConfigParser(default_section="")
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys as they are
    for title, values in sections.items():
        parser.add_section(title)
        for key, value in values.items():
            parser.set(title, key, value)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def nowhere(folder: Path) -> Iterator[tuple[str, str | None]]:
    """Give what an environment needs so that no SDK finds any credentials; writes an empty file."""
    private_files.write(folder / NONE, "")
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        yield variable, str(folder / NONE)
    for name in (*PROFILES, *KEYS, *WEB_IDENTITY, *CONTAINER):
        yield name, None
    yield NO_METADATA, "true"
