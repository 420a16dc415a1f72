"""The recorder: a small C library without Python that writes down how a process dies, and its reader."""
