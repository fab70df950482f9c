from pathlib import Path

from gameday.settings import imports, load_workspace
from gameday.settings.catalogue import Catalogue
from tests.formats.mistakes import as_lines
from tests.settings import space

FILES = ("experiments/slow.json", "experiments/load/shop.py")


def mistakes(root: Path, *allowed: str) -> list[str]:
    catalogue = Catalogue(load_workspace(root, {}))
    catalogue.scenario("scenarios/slow.yaml")
    found = imports.check(catalogue, allowed or FILES)
    return [f"{one.file}:{text}" for one, text in zip(found, as_lines(found), strict=True)]


def test_files_that_import_have_no_mistake(tmp_path: Path) -> None:
    assert mistakes(space.make(tmp_path)) == []


def test_what_does_not_import_is_reported_at_the_place_that_names_it(tmp_path: Path) -> None:
    broken = space.FILES["experiments/slow.json"].replace("os.path", "os.pth")
    root = space.make(tmp_path, shop="import nothing_of_this_name\n")
    (root / "experiments" / "slow.json").write_text(broken)
    line = 1 + broken[: broken.index("os.pth")].count("\n")
    found = mistakes(root)
    assert any(one.startswith(f"experiments/slow.json:{line}:") and "os.pth" in one for one in found)
    lacking = "experiments/load/shop.py:1:1 ModuleNotFoundError: No module named 'nothing_of_this_name'"
    assert any(one.startswith(lacking) for one in found)


def test_what_is_not_allowed_is_not_imported(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    root = space.make(tmp_path / "space", shop=f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n")
    assert mistakes(root, "experiments/slow.json") == []
    assert not mark.exists()
    assert mistakes(root) != []
    assert mark.exists()


def test_an_argument_that_a_function_does_not_take_is_reported(tmp_path: Path) -> None:
    broken = space.FILES["experiments/slow.json"].replace('"p": "x"', '"path": "x"')
    root = space.make(tmp_path)
    (root / "experiments" / "slow.json").write_text(broken)
    (only,) = mistakes(root)
    assert "chaos validate refuses it" in only
    assert not only.startswith("experiments/slow.json:1:1 ")


def test_a_module_that_ends_the_process_is_a_mistake(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    (root / "leaves.py").write_text("raise SystemExit(0)\n")
    (root / "experiments" / "slow.json").write_text(
        space.FILES["experiments/slow.json"].replace("os.path", "leaves")
    )
    assert any("experiments/slow.json" in one for one in mistakes(root))


def test_a_module_that_takes_all_memory_is_a_mistake(tmp_path: Path) -> None:
    root = space.make(tmp_path)
    (root / "eats.py").write_text("x = 'a' * (8 << 30)\n")
    (root / "experiments" / "slow.json").write_text(
        space.FILES["experiments/slow.json"].replace("os.path", "eats")
    )
    assert any("MemoryError" in one for one in mistakes(root))
