"""The environment of an import: libraries that will not go together, and surroundings that can matter."""
