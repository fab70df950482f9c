"""gameday: chaos engineering and game-day orchestrator."""
