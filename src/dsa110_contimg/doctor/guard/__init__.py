"""Contracts on what an import may load and do, and whoever checks them: the command, pytest, pre-commit."""
