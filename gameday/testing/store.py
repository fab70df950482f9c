"""Former home of the history store in memory, for tests that import it from here."""

from gameday.testing.history_store import MemoryHistoryStore as MemoryStore

__all__ = ["MemoryStore"]
