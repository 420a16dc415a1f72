"""Numbers, arrays and paths as plain values, such as JSON can say."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def make_plain(value: Any) -> Any:
    """Turn a value into what JSON can say.

    Parameters
    ----------
    value : object
        A number, a text, an array, a path, or lists, tuples and dictionaries of these.

    Returns
    -------
    object
        The same in lists and dictionaries: complex numbers are ``[real, imaginary]``; what is NaN, infinite or masked
        is None.

    Examples
    --------
    >>> import numpy as np
    >>> make_plain({"flux": np.array([1.5, np.nan]), "gain": 1 + 2j})
    {'flux': [1.5, None], 'gain': [1.0, 2.0]}
    """
    import numpy as np

    if isinstance(value, dict):
        return {key: make_plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [make_plain(inner) for inner in value]
    if value is np.ma.masked:
        return None
    if isinstance(value, np.ndarray | np.generic):
        return make_plain(value.tolist())
    if isinstance(value, complex):
        return None if value != value else [make_plain(value.real), make_plain(value.imag)]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    return value
