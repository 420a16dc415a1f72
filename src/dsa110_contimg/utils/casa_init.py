"""The old address of `ensure_casa_path`."""

from dsa110_contimg.casa.environment import ensure_casa_path as ensure_casa_path
