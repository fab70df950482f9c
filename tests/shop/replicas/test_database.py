"""The database answers the same with an index and without, and knows only its own indexes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameday.shop.replicas import database


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("database") / "shop.db"
    database.build(file)
    return file


def test_an_index_is_added_and_dropped_and_changes_no_ranking(path: Path):
    connection = database.connect(path)
    before = database.ranking(connection, 3)
    database.add_index(path, "sales-by-category")
    database.add_index(path, "sales-by-category")
    assert database.has_index(path, "sales-by-category")
    assert database.ranking(connection, 3) == before
    database.drop_index(path, "sales-by-category")
    assert not database.has_index(path, "sales-by-category")
    connection.close()


def test_an_unknown_index_is_refused(path: Path):
    with pytest.raises(ValueError, match="choose from: sales-by-category"):
        database.add_index(path, "other")


def test_an_order_has_its_carts_total_and_empties_it(path: Path):
    connection = database.connect(path)
    [product] = [item for item in database.products(connection, 3) if item.id == 3]
    database.add_line(connection, "c", 3, 2)
    assert database.order(connection, "c", paid=True)[1] == 2 * product.price
    assert database.order(connection, "c", paid=True)[1] == 0
    connection.close()
