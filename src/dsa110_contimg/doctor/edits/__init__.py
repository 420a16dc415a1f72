"""Edits that keep an import from being executed when its module is imported: planned, shown, proven, written."""
