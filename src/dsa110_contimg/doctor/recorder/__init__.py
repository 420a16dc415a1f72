"""The recorder: a small C library without Python that writes down how a process dies, and the reader of what it wrote."""
