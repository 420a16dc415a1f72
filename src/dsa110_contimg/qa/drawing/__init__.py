"""What pictures are made of: the parts of a sheet of stamps (Pillow), and of figures of numbers (matplotlib)."""
