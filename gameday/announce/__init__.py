"""Outbound: people's channels. See README.md."""
