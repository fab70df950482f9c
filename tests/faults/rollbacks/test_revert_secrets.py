"""What undoing needs and the history must not hold is kept beside it, and no longer than needed."""

import json

from gameday.faults.rollbacks.revert_secrets import FILE_NAME, RevertSecrets
from gameday.system import known_secrets
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
