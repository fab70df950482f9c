from pathlib import Path

import pytest

from gameday.core.errors import InvalidFiles
from gameday.settings import drill_files, load_workspace
from tests.formats.mistakes import as_lines
from tests.settings import space


def mistakes(root: Path) -> list[str]:
    with pytest.raises(InvalidFiles) as wrong:
        drill_files(load_workspace(root, {}), root / "scenarios" / "slow.yaml")
    return [
        f"{one.file}:{text}"
        for one, text in zip(wrong.value.mistakes, as_lines(wrong.value.mistakes), strict=True)
    ]


def test_files_that_import_have_no_mistake(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    assert drill_files(load_workspace(root, {}), root / "scenarios" / "slow.yaml").warnings == ()


def test_what_does_not_import_is_reported_at_the_place_that_names_it(tmp_path: Path) -> None:
    broken = space.FILES["experiments/slow.json"].replace("os.path", "os.pth")
    root = space.make(tmp_path, shop="import nothing_of_this_name\n")
    (root / "experiments" / "slow.json").write_text(broken)
    line = 1 + broken[: broken.index("os.pth")].count("\n")
    found = mistakes(root)
    assert any(one.startswith(f"experiments/slow.json:{line}:") and "os.pth" in one for one in found)
    assert "experiments/load/shop.py:1:1 ModuleNotFoundError: No module named 'nothing_of_this_name'" in found


def test_an_argument_that_a_function_does_not_take_is_reported(tmp_path: Path) -> None:
    broken = space.FILES["experiments/slow.json"].replace('"p": "x"', '"path": "x"')
    root = space.make(tmp_path)
    (root / "experiments" / "slow.json").write_text(broken)
    (only,) = mistakes(root)
    assert "chaos validate refuses it" in only
    assert not only.startswith("experiments/slow.json:1:1 ")
