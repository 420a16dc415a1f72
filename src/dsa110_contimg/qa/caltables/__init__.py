"""How a caltable is measured: its kind, its solutions, their statistics, the gates."""
