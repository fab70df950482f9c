"""Histories with their load, claims and leases; schedules with their occurrences and approvals."""

from __future__ import annotations

from alembic import op

from gameday.storage import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    for statement in schema.STEPS[0].up:
        op.execute(statement)


def downgrade() -> None:
    """Take them away, with all that they hold."""
    for statement in schema.STEPS[0].down:
        op.execute(statement)
