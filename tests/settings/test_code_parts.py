"""What an approval covers of the code: local sources as far as their imports lead, versions of the rest."""

from __future__ import annotations

import importlib.machinery
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from gameday.settings import code_parts

OWN = metadata.packages_distributions()["gameday"][0]
"""The name under which gameday is installed: its distribution's, not its package's."""
FAILS = "raise RuntimeError('it was run')\n"
FILES = {
    "mine/__init__.py": FAILS,
    "mine/faults.py": FAILS + "def act():\n    from . import helper\n    from .deep import part\n",
    "mine/helper.py": "import other, requests\n",
    "mine/deep/__init__.py": "",
    "mine/deep/part.py": "from mine.deep import sibling, NAME\n",
    "mine/deep/sibling.py": "",
    "mine/unused.py": "",
    "other.py": "import json\n",
    "load/shop.py": "import common\nfrom locust import User\n",
    "load/common.py": "import nowhere\n",
    "scripts/break.sh": "true\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def covered(root: Path) -> dict[str, str]:
    commands = ["scripts/break.sh", "/bin/true", "get", "../elsewhere", "x" * 5000, "a\0b"]
    return code_parts.parts(
        root, ["mine.faults", "chaosk8s.pod.actions", "os.path", "gone.x"], "load/shop.py", commands
    )


def test_local_sources_count_as_far_as_their_imports_lead_and_nothing_is_run(root: Path):
    assert {name for name in covered(root) if not name.startswith("distribution")} == {
        "module mine",
        "module mine.faults",
        "module mine.helper",
        "module mine.deep",
        "module mine.deep.part",
        "module mine.deep.sibling",
        "module other",
        "module common",
        "module nowhere",
        "module gone",
        "file scripts/break.sh",
        code_parts.OTHERS,
    }
    assert covered(root)["module gone"] == "missing"


def test_installed_distributions_count_by_their_version(root: Path):
    parts = covered(root)
    assert parts["distribution chaostoolkit-kubernetes"] == metadata.version("chaostoolkit-kubernetes")
    assert {"distribution requests", "distribution locust"} <= set(parts)
    named = code_parts.parts(root, ["gameday.shop.faults"], "", [])
    del named[code_parts.OTHERS]
    assert named == {f"distribution {OWN}": metadata.version(OWN)}


@pytest.mark.parametrize(
    "name",
    [
        "mine/__init__.py",
        "mine/faults.py",
        "mine/helper.py",
        "mine/deep/sibling.py",
        "other.py",
        "load/common.py",
        "scripts/break.sh",
    ],
)
def test_a_change_of_any_of_them_changes_its_part_alone(root: Path, name: str):
    before = covered(root)
    (root / name).write_text((root / name).read_text() + "# changed\n")
    after = covered(root)
    (changed,) = [part for part in before if before[part] != after[part]]
    assert changed.partition(" ")[2].replace(".", "/") in name.replace("/__init__", "").replace(".", "/")


def test_a_module_within_an_archive_counts_by_the_archive(root: Path, monkeypatch: pytest.MonkeyPatch):
    archive = root / "lib.zip"
    parts = []
    for text in ("x = 1\n", "x = 2\n"):
        with zipfile.ZipFile(archive, "w") as written:
            written.writestr("packed.py", text)
        monkeypatch.setattr(sys, "path", [*sys.path, str(archive)])
        parts.append(code_parts.parts(root, ["packed"], "", []))
        sys.path_importer_cache.pop(str(archive), None)
    before, after = parts
    assert before.keys() == after.keys() == {"module packed", code_parts.OTHERS}
    assert before != after


@pytest.mark.parametrize("name", ["mine/faults.so", "mine/helper/__init__.pyc", "mine/helper.so"])
def test_what_is_imported_in_a_source_s_place_counts(root: Path, name: str):
    before = covered(root)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name.replace(".so", importlib.machinery.EXTENSION_SUFFIXES[0])).write_bytes(b"other code")
    importlib.invalidate_caches()
    assert covered(root) != before


@pytest.mark.parametrize(
    "name",
    [
        "mine/unused.py",  # a computed name, or `from mine import *` with `__all__`, may lead there
        "simplejson.py",  # what installed libraries import where it is there
        "backports/zstd.py",
        "socks/__init__.py",
        "csv.py",
        "load/sitecustomize.py",
        "my-tools/simplejson.py",
    ],
)
def test_whatever_else_can_be_imported_is_one_part(root: Path, name: str):
    before = covered(root)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("planted = 1\n")
    planted = covered(root)
    (root / name).write_text("planted = 2\n")
    changed = covered(root)
    assert len({before[code_parts.OTHERS], planted[code_parts.OTHERS], changed[code_parts.OTHERS]}) == 3
    assert {**planted, code_parts.OTHERS: ""} == {**before, code_parts.OTHERS: ""}


@pytest.mark.parametrize("name", ["notes.txt", ".cache/tool.py", "site.packages/tool.py"])
def test_what_no_import_can_read_does_not_count(root: Path, name: str):
    before = covered(root)
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("changed = True\n")
    assert covered(root) == before


def test_a_link_by_which_a_module_gets_another_name_counts_and_a_loop_ends(root: Path):
    before = covered(root)
    (root / "socks.py").symlink_to(root / "other.py")
    linked = covered(root)
    (root / "loop").symlink_to(root)
    assert len({each[code_parts.OTHERS] for each in (before, linked, covered(root))}) == 3
