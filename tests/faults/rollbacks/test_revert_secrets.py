"""What undoing needs and the history must not hold is kept beside it, and no longer than needed."""

import json
import shutil
from dataclasses import replace

import pytest

from gameday.faults.rollbacks.revert_secrets import FILE_NAME, RevertSecrets
from gameday.system import known_secrets
from gameday.system.signing_key import SigningKey
from tests.faults.building import experiment, request

PASSWORD = "inline-password-4711"


def secretive():
    return request(experiment("http://127.0.0.1:1", secrets={"shop": {"db": PASSWORD}}), cwd="/tmp")


def test_a_masked_request_is_opened_as_it_was(tmp_path):
    real = secretive()
    RevertSecrets(tmp_path).save(real)
    masked = known_secrets.redactor().value(real)
    assert PASSWORD not in masked.experiment
    assert RevertSecrets(tmp_path).restore(masked) == real


def test_the_file_is_for_its_owner_alone_and_goes_away(tmp_path):
    RevertSecrets(tmp_path).save(secretive())
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0
    RevertSecrets(tmp_path).remove()
    assert list(tmp_path.iterdir()) == []
    assert RevertSecrets(tmp_path).restore(request("{}")) == request("{}")


def test_without_a_secret_there_is_no_file(tmp_path):
    RevertSecrets(tmp_path).save(request(experiment("http://127.0.0.1:1")))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_seal_opens_nothing(tmp_path):
    (tmp_path / FILE_NAME).write_text(json.dumps(["not", "a", "seal"]), encoding="utf-8")
    plain = request(experiment("http://127.0.0.1:1"))
    assert RevertSecrets(tmp_path).restore(plain) == plain


def test_one_that_nobody_here_signed_is_passed_over(tmp_path):
    masked = known_secrets.redactor().value(secretive())
    stranger = SigningKey(given="5" * 64)
    RevertSecrets(tmp_path, stranger).save(secretive())
    assert RevertSecrets(tmp_path, stranger).restore(masked) == secretive()
    assert RevertSecrets(tmp_path).restore(masked) == masked


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry["request"],  # as it was before it was signed
        lambda entry: {"request": entry["request"]},
        lambda entry: {**entry, "signature": ["x"]},
        lambda entry: {**entry, "request": {**entry["request"], "experiment": "{}"}},
        lambda entry: {**entry, "request": []},
        lambda _entry: [],
        lambda _entry: None,
    ],
)
def test_one_that_was_changed_is_passed_over(tmp_path, change):
    RevertSecrets(tmp_path).save(secretive())
    saved = json.loads((tmp_path / FILE_NAME).read_text())
    (tmp_path / FILE_NAME).write_text(json.dumps({fault: change(entry) for fault, entry in saved.items()}))
    masked = known_secrets.redactor().value(secretive())
    assert RevertSecrets(tmp_path).restore(masked) == masked


def test_one_of_another_drill_or_fault_is_passed_over(tmp_path):
    RevertSecrets(tmp_path / "d1").save(secretive())
    shutil.copytree(tmp_path / "d1", tmp_path / "d2")
    masked = known_secrets.redactor().value(secretive())
    assert RevertSecrets(tmp_path / "d2").restore(masked) == masked
    other = replace(masked, fault="other")
    saved = json.loads((tmp_path / "d1" / FILE_NAME).read_text())
    (tmp_path / "d1" / FILE_NAME).write_text(json.dumps({"other": next(iter(saved.values()))}))
    assert RevertSecrets(tmp_path / "d1").restore(other) == other
