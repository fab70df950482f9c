"""Alembic's environment and revisions; `storage.migrating` runs them.

Comes in: a connection within a transaction. Goes out: the same tables, one version further or back.
Does not: hold SQL; a revision runs a step of `storage.schema`.
"""
