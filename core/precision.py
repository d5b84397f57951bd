"""How real numbers are stored and calculated with: in double precision, or in single."""

from __future__ import annotations

from typing import Any

import numpy as np

from .preferences import prefs

#: Type of the values of each kind of number, on every device, where nothing else is asked for.
STATE_DTYPES = {"float": "float64", "int": "int32", "bool": "bool"}
SINGLE, DOUBLE = "float32", "float64"


def float_dtype(owner: str, dtype: Any) -> str:
    """Return the type of an object's real variables: that asked for, or the preference.

    Parameters
    ----------
    owner : str
        What to call the object in an error.
    dtype : dtype-like or None

    Raises
    ------
    ValueError
        Neither float32 nor float64.
    """
    if dtype is None:
        return str(prefs.core.default_float_dtype)
    try:
        name = str(np.dtype(dtype).name)
    except (TypeError, ValueError):
        name = ""
    if name not in (SINGLE, DOUBLE):
        raise ValueError(f"{owner}: dtype={dtype!r:.60} is not supported; give float32 or float64.")
    return name


def stored_as(dtype: str, single: bool) -> str:
    """Return the type of the values of a kind of number."""
    return SINGLE if single and dtype == "float" else STATE_DTYPES[dtype]
