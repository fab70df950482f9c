"""One revision for each step of `storage.schema`."""
