"""What runs in the child: the standard library only, Python 3.8 or newer, started by path and never by name."""
