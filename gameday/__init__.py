"""gameday: chaos engineering and game-day orchestrator."""

__version__ = "0.1.0"
