"""The shop's database: SQLite in WAL mode, with enough sales that users feel an unindexed query.

Queries run in one thread per replica, so that they queue as they do for a connection pool. The simulated disk
is slow and shared by all replicas. All of the shop's SQL is in this module. sqlite3 releases the GIL while a
statement runs.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gameday.system import clock

T = TypeVar("T")

CATEGORIES = 40
PRODUCTS = 4000
DAYS = 730
RECENT = 700  # recent sales are those of the last 30 of 730 days
CUSTOMERS = 500
SALES = 200_000

STEPS_PER_READ = 20_000
"""Steps of SQLite's virtual machine that count as one read of the disk."""

READ_SECONDS = 0.0009
"""Time of one read while one replica queries; see Disk."""

INDEXES = {
    "sales-by-category": "CREATE INDEX IF NOT EXISTS sales_by_category"
    " ON sales (category, day, product, quantity)",
}

_SCHEMA = """
CREATE TABLE products (id INTEGER PRIMARY KEY, category INTEGER NOT NULL, name TEXT NOT NULL,
    price INTEGER NOT NULL);
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL);
CREATE TABLE sales (id INTEGER PRIMARY KEY, product INTEGER NOT NULL, category INTEGER NOT NULL,
    day INTEGER NOT NULL, quantity INTEGER NOT NULL);
CREATE TABLE lines (cart TEXT NOT NULL, product INTEGER NOT NULL, quantity INTEGER NOT NULL);
CREATE INDEX lines_by_cart ON lines (cart);
CREATE TABLE orders (id INTEGER PRIMARY KEY, cart TEXT NOT NULL, total INTEGER NOT NULL,
    paid INTEGER NOT NULL);
CREATE INDEX products_by_category ON products (category, id);
"""

_ADD_PRODUCTS = """
WITH RECURSIVE n (i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO products SELECT i, i % :categories, 'Product ' || i, 500 + (i * 7919) % 9500 FROM n
"""
_ADD_CUSTOMERS = """
WITH RECURSIVE n (i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO customers (name, password) SELECT 'user' || i, 'password' || i FROM n
"""
_ADD_SALES = """
WITH RECURSIVE n (i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO sales (product, category, day, quantity)
SELECT 1 + i * 7919 % :products, (1 + i * 7919 % :products) % :categories, i * 31 % :days, 1 + i % 5 FROM n
"""
_RANKING = (
    "SELECT product, sum(quantity) AS sold FROM sales WHERE category = :category AND day >= :day"
    " GROUP BY product ORDER BY sold DESC, product LIMIT 12"
)
_PRODUCTS = "SELECT id, name, price FROM products WHERE category = :category ORDER BY id LIMIT 12"
_TOTAL = (
    "SELECT coalesce(sum(products.price * lines.quantity), 0) FROM lines"
    " JOIN products ON products.id = lines.product WHERE lines.cart = :cart"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """A product as users see it; the price in cents."""

    id: int
    name: str
    price: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A category's page: its products, and the ids of those that sell best."""

    products: Sequence[Product]
    recommended: Sequence[int]


def connect(path: Path, *, patience: float = 5.0) -> sqlite3.Connection:
    """Open the database; wait up to `patience` seconds where another writes."""
    # Opened in one thread and used in another, but never by two at once (see Pool). Without isolation_level,
    # sqlite3 begins no transaction by itself: its own are deferred.
    connection = sqlite3.connect(path, isolation_level=None, timeout=patience, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def build(path: Path) -> None:
    """Create a fresh database."""
    # The -wal file, too: SQLite would apply it to the new database.
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    connection = connect(path)
    # A crash may lose it: each `up` builds it anew.
    connection.execute("PRAGMA synchronous = OFF")
    connection.executescript(_SCHEMA)
    sizes = {"categories": CATEGORIES, "products": PRODUCTS, "days": DAYS, "first": 1}
    connection.execute(_ADD_PRODUCTS, {**sizes, "last": PRODUCTS})
    connection.execute(_ADD_CUSTOMERS, {**sizes, "last": CUSTOMERS})
    connection.execute(_ADD_SALES, {**sizes, "last": SALES})
    connection.close()


def add_index(path: Path, name: str) -> None:
    """Create an index by its name in INDEXES; without effect when it exists. Raises ValueError."""
    if name not in INDEXES:
        raise ValueError(f"there is no index '{name}'; choose from: {', '.join(INDEXES)}")
    _alter(path, INDEXES[name])


def drop_index(path: Path, name: str) -> None:
    """Drop an index of INDEXES; without effect when it does not exist."""
    _alter(path, f"DROP INDEX IF EXISTS {name.replace('-', '_')}")


def has_index(path: Path, name: str) -> bool:
    """Check whether an index exists."""
    connection = connect(path)
    try:
        rows = connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = :name",
            {"name": name.replace("-", "_")},
        )
        return rows.fetchone() is not None
    finally:
        connection.close()


def _alter(path: Path, statement: str) -> None:
    # SQLite has one writer at a time, and users go on buying.
    connection = connect(path, patience=30.0)
    try:
        connection.execute(statement)
    finally:
        connection.close()


def products(connection: sqlite3.Connection, category: int) -> Sequence[Product]:
    """List a category's first products."""
    rows = connection.execute(_PRODUCTS, {"category": category % CATEGORIES})
    return [Product(id=row[0], name=row[1], price=row[2]) for row in rows]


def ranking(connection: sqlite3.Connection, category: int) -> Sequence[int]:
    """Rank a category's products by recent sales: the query that somebody forgot to index."""
    rows = connection.execute(_RANKING, {"category": category % CATEGORIES, "day": RECENT})
    return [row[0] for row in rows]


def page(connection: sqlite3.Connection, category: int, *, ranked: bool) -> Page:
    """Give what users see of a category, ranked by recent sales if asked."""
    recommended = ranking(connection, category) if ranked else []
    return Page(products=products(connection, category), recommended=recommended)


def add_line(connection: sqlite3.Connection, cart: str, product: int, quantity: int) -> None:
    """Put a product into a cart."""
    connection.execute(
        "INSERT INTO lines VALUES (:cart, :product, :quantity)",
        {"cart": cart, "product": product, "quantity": quantity},
    )


def order(connection: sqlite3.Connection, cart: str, *, paid: bool) -> tuple[int, int]:
    """Turn a cart into an order; give its number and its total in cents.

    Sales are not updated, as if that were done at night, so that the slow query stays equally slow.
    """
    # A deferred transaction that has read fails when it wants to write after another replica has written.
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        (total,) = connection.execute(_TOTAL, {"cart": cart}).fetchone()
        placed = connection.execute(
            "INSERT INTO orders (cart, total, paid) VALUES (:cart, :total, :paid)",
            {"cart": cart, "total": total, "paid": paid},
        )
        connection.execute("DELETE FROM lines WHERE cart = :cart", {"cart": cart})
    return placed.lastrowid or 0, total


def password_is(connection: sqlite3.Connection, name: str, password: str) -> bool:
    """Check a customer's password."""
    row = connection.execute("SELECT password FROM customers WHERE name = :name", {"name": name}).fetchone()
    return row is not None and row[0] == password


class Disk:
    """The disk under the database, which reads only so fast, as a cloud's do.

    A statement that runs ahead of the disk waits. So an unindexed query is slow in proportion to the rows
    that it reads, on fast and slow machines alike, and leaves the processors to others. The replicas share
    the disk: with more of them, each reads slower.
    """

    def __init__(self) -> None:
        self._due = 0.0
        self._seconds = READ_SECONDS

    def begin(self, replicas: int) -> None:
        """Begin a query; `replicas` share the disk."""
        self._seconds = READ_SECONDS * replicas
        self._due = clock.monotonic()

    def read(self) -> int:
        """Wait until the disk would have read that much; SQLite calls this every STEPS_PER_READ steps."""
        self._due += self._seconds
        clock.sleep(max(0.0, self._due - clock.monotonic()))
        return 0  # any other value would abort the statement


class Pool:
    """One connection in one thread: queries queue for it, as they do for a connection pool."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._threads = ThreadPoolExecutor(1, "database")
        self._disk = Disk()
        self._connection.set_progress_handler(self._disk.read, STEPS_PER_READ)

    async def run(
        self, query: Callable[..., T], *arguments: object, replicas: int = 1, **options: object
    ) -> T:
        """Run a query of this module when its turn comes, without holding the event loop."""

        def run_query() -> T:
            self._disk.begin(replicas)
            return query(self._connection, *arguments, **options)

        return await asyncio.get_running_loop().run_in_executor(self._threads, run_query)
