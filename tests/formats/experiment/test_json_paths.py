import pytest

from gameday.formats.experiment import json_paths
from tests.formats.experiment.test_reader import HEAD, HTTP, METHOD, lines_of

REFUSED = [
    "$.status-code",
    "foo.bar",
    "$..[?(",
    "$.a[?(@.b==1)]",
    "$.a[?(@.b =~ /x/)]",
    "$.a.foo()",
    "$" + ".a" * 5000,
]


@pytest.mark.parametrize("path", REFUSED, ids=range(len(REFUSED)))
def test_a_path_that_chaos_toolkit_refuses_has_a_problem_and_prints_nothing(path, capfd):
    assert json_paths.problem(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("path", ["$", " $.a[*].b ", '$["status-code"]', "$.a[?(@.b=1)]", "$..a"])
def test_a_path_that_chaos_toolkit_takes_has_none(path):
    assert json_paths.problem(path) == ""


def test_a_tolerance_with_such_a_path_is_a_mistake_at_the_path():
    tolerance = "{type: jsonpath, path: foo.bar}"
    probe = "{type: probe, name: p, provider: " + HTTP + ", tolerance: " + tolerance + "}"
    [line] = lines_of(f"{HEAD}method: [{probe}]\n")
    assert line.startswith("3:108 this is not a JSON path")
    [line] = lines_of(f"{HEAD}{METHOD}extensions: [{{name: gameday, still-exposed: {probe}}}]\n")
    assert "this is not a JSON path" in line


@pytest.mark.parametrize("key", ["steady-state-hypothesis", "rollbacks"])
def test_a_key_that_chaos_toolkit_refuses_empty_is_a_mistake(key):
    [line] = lines_of(f"{HEAD}{METHOD}{key}: null\n")
    assert "Chaos Toolkit refuses this key with nothing in it" in line
    assert "?" not in line.split()[0]


def test_a_value_of_the_environment_without_a_variable_is_a_mistake():
    [line] = lines_of(f"{HEAD}{METHOD}configuration: {{m: {{type: env}}}}\n")
    assert "the key 'key' is missing" in line
