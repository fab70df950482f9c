import pytest

from gameday.formats.text import paths


@pytest.mark.parametrize(
    ("file", "named", "path"),
    [
        ("scenarios/a.yaml", "../experiments/slow.json", "experiments/slow.json"),
        ("scenarios/a.yaml", "b.yaml", "scenarios/b.yaml"),
        ("a.yaml", "./b/../c.yaml", "c.yaml"),
        ("scenarios/a.yaml", "../../x", "../x"),
    ],
)
def test_a_path_is_relative_to_the_file_that_names_it(file: str, named: str, path: str) -> None:
    assert paths.resolve(file, named) == path


@pytest.mark.parametrize(
    ("path", "out"), [("../x", True), ("/etc", True), ("..", True), ("..x", False), ("x/y", False)]
)
def test_a_path_may_lead_out_of_the_workspace(path: str, out: bool) -> None:
    assert paths.leaves(path) is out


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ("a/b.yaml", ""),
        ("a\\b.yaml", "folders are separated by /, not by \\"),
        ("a\nb", "a path is one line of text"),
        ("a\0b", "a path is one line of text"),
    ],
)
def test_what_is_not_a_path_is_explained(named: str, problem: str) -> None:
    assert paths.problem(named) == problem
