"""AWS settings with one profile: the credentials that were found, and no other way to any."""

from __future__ import annotations

import configparser
import json
import stat
import sys

import pytest

from gameday.faults.clouds import aws_settings
from gameday.system import commands

CONFIG = """
[default]
region = us-east-1
[profile staging]
region = eu-central-1
source_profile = base
role_arn = arn:aws:iam::1:role/drills
services = local
s3 =
  addressing_style = path
[profile "base"]
credential_process = /bin/base
[profile prod]
region = eu-west-1
[services local]
sts =
  endpoint_url = http://127.0.0.1:1
[sso-session other]
sso_region = x
"""
CREDENTIALS = """
[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = d
[base]
aws_access_key_id = BASE
aws_secret_access_key = b
[prod]
aws_access_key_id = PROD
aws_secret_access_key = p
"""
KEYS = {"AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "s"}


@pytest.fixture
def frozen(tmp_path):
    """Freeze in a process whose environment has only these variables of AWS."""
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "credentials").write_text(CREDENTIALS)

    def freeze(**environ):
        drill = tmp_path / "drill"
        code = (
            "import json, os, pathlib; from gameday.faults.clouds import aws_settings;"
            f"print(json.dumps(aws_settings.freeze(os.environ, pathlib.Path({str(drill)!r}))))"
        )
        environ = {
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            **environ,
        }
        output = commands.call([sys.executable, "-c", code], timeout=60, env=environ).output
        for name in (aws_settings.CONFIG, aws_settings.CREDENTIALS):
            assert stat.S_IMODE((drill / name).stat().st_mode) == 0o600
        return (
            json.loads(output.splitlines()[-1]),
            read(drill / "aws-config"),
            read(drill / "aws-credentials"),
        )

    return freeze


def read(path):
    parser = configparser.RawConfigParser(default_section="")
    parser.read(path)
    return {title: dict(parser[title]) for title in parser.sections()}


def test_a_profile_is_left_with_the_sources_of_its_credentials_alone(frozen):
    variables, config, credentials = frozen(AWS_PROFILE="staging")
    assert set(config) == {"default", "profile staging", "profile base", "services local"}
    assert set(credentials) == {"base"}
    assert config["default"] == config["profile staging"]
    assert config["profile staging"]["s3"] == "\naddressing_style = path"
    assert (variables["AWS_PROFILE"], variables["AWS_DEFAULT_PROFILE"]) == ("staging", "staging")
    assert variables["AWS_ACCESS_KEY_ID"] is None
    assert variables["AWS_WEB_IDENTITY_TOKEN_FILE"] is None


def test_of_two_variables_that_name_a_profile_the_one_that_was_used_is_left(frozen):
    variables, config, _ = frozen(AWS_PROFILE="staging", AWS_DEFAULT_PROFILE="prod")
    assert (variables["AWS_PROFILE"], variables["AWS_DEFAULT_PROFILE"]) == ("prod", "prod")
    assert set(config) == {"default", "profile prod"}


def test_credentials_from_variables_are_kept_and_no_profile_leads_to_others(frozen):
    variables, config, credentials = frozen(**KEYS, AWS_PROFILE="prod")
    assert "AWS_ACCESS_KEY_ID" not in variables  # not changed: it stays
    assert (variables["AWS_PROFILE"], variables["AWS_ROLE_ARN"]) == (None, None)
    assert config["default"] == {"region": "eu-west-1"}
    assert credentials == {"prod": {}, "default": {}}


def test_without_a_name_the_default_profile_is_the_one(frozen):
    variables, config, credentials = frozen(AWS_SESSION_TOKEN="left over")
    assert (set(config), set(credentials)) == ({"default"}, {"default"})
    assert (variables["AWS_PROFILE"], variables["AWS_SESSION_TOKEN"]) == (None, None)
    assert credentials["default"]["aws_access_key_id"] == "DEFAULT"


def test_nowhere_leads_nowhere(tmp_path):
    variables = dict(aws_settings.nowhere(tmp_path))
    assert (tmp_path / "aws-none").read_text() == ""
    assert (
        variables["AWS_CONFIG_FILE"] == variables["AWS_SHARED_CREDENTIALS_FILE"] == str(tmp_path / "aws-none")
    )
    assert {variables[name] for name in (*aws_settings.KEYS, *aws_settings.PROFILES)} == {None}
