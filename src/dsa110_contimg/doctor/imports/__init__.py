"""What would be executed at import, read from source without running anything."""
