"""The parts of a sheet of stamps: colours, stretch, text, marks, panels, legend. Pillow and numpy, nothing more."""
