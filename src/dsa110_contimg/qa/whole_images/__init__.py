"""How good a whole image is: its noise, its peak, its coverage, its beam, and what a residual image shows."""
