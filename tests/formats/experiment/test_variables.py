import pytest

from gameday.formats.experiment import variables


@pytest.mark.parametrize("name", ["TOKEN", "LOCUST_TAGS", "PATHS", "MY_PATH", "DB_URL", "a1"])
def test_an_ordinary_variable_may_be_set(name: str) -> None:
    assert variables.problem(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "LD_PRELOAD",
        "PYTHONPATH",
        "http_proxy",
        "KUBECONFIG",
        "AWS_PROFILE",
        "GAMEDAY_LOAD",
        "1",
        "A B",
    ],
)
def test_a_variable_that_decides_what_runs_or_whom_it_reaches_may_not(name: str) -> None:
    assert name in variables.problem(name)
