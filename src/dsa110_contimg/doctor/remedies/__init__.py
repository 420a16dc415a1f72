"""What keeps a forbidden thing from being loaded: the fewest statements to move, another order, other versions."""
