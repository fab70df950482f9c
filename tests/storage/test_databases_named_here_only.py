"""SQL, and what databases there are, stand in storage alone: a further database touches no other folder."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGE = ROOT / "gameday"
SQL = re.compile(
    r"\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b|\b(CREATE|ALTER|DROP) TABLE\b"
    r"|\bPRAGMA\b|\bBEGIN IMMEDIATE\b",
    re.DOTALL,
)
DATABASES = re.compile(r"sqlite|postgres|mysql|psycopg|sqlalchemy|alembic|procrastinate", re.IGNORECASE)
EXCEPT = {
    "core/judging/read_only_commands.py": "judges what a responder's database client did, whatever the database",
    "formats/secret_names.py": "lists words that are no secrets, usual names of databases among them",
    "formats/settings/model.py": "documents the default and the kinds of [store] url in the file's schema",
}


def modules() -> list[Path]:
    """List the modules outside of storage, and of the shop, whose database is a target and no store."""
    files = (file for file in PACKAGE.rglob("*.py") if "__pycache__" not in file.parts)
    return [file for file in files if file.relative_to(PACKAGE).parts[0] not in {"storage", "shop"}]


def name(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def strings(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


@pytest.mark.parametrize("file", modules(), ids=name)
def test_no_other_folder_holds_sql_or_names_a_database(file):
    assert [text for text in strings(file) if SQL.search(text)] == []
    if name(file) not in EXCEPT:
        assert DATABASES.findall(file.read_text(encoding="utf-8")) == []


def test_every_exception_is_still_needed():
    assert all(DATABASES.search((PACKAGE / file).read_text(encoding="utf-8")) for file in EXCEPT)


def test_what_is_looked_for_would_be_found():
    assert all(DATABASES.search(word) for word in ('url.startswith("sqlite:")', "is_postgresql(url)"))
    assert SQL.search("SELECT drill FROM drills")
    assert any(SQL.search(text) for text in strings(PACKAGE / "storage" / "statements.py"))
