"""The command line: one verb, one file; only here is anything printed, and only here does a process exit."""
