"""A process that reads tables for this one, so that a crash in native code is an exception here."""
