"""Stamps: one or a million cut around positions, their stacks, files, sheets and numbers."""
