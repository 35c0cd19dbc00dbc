"""Leading eigenvectors of a symmetric matrix, found while other threads go on.

scipy's own wrapper of the same LAPACK routine holds Python's lock for the whole decomposition
(126 ms at a time for a layer of 640 pictures), which stops the window.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np

ARGUMENTS = 21
"""Of LAPACK's DSYEVR; every one is a pointer."""
DENSE_SHARE = 0.25
"""Of all eigenvectors; above it finding every one is faster."""


def leading_eigenvectors(matrix: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest eigenvalues, descending, and their vectors.

    Parameters
    ----------
    matrix : (n, n) float64, symmetric. count : how many, 1 to n.

    Returns
    -------
    values (count,), vectors (n, count); the sign of a vector is arbitrary.
    """
    size = len(matrix)
    if count > DENSE_SHARE * size:
        values, vectors = np.linalg.eigh(matrix)  # releases the lock
    else:
        values, vectors = partial(matrix, size - count + 1, size)
    return values[::-1][:count], vectors[:, ::-1][:, :count]


def partial(matrix: np.ndarray, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues ``first`` to ``last`` (from 1, ascending) and vectors, by DSYEVR."""
    a = np.array(matrix, np.float64, order="F")
    n, count = len(a), last - first + 1
    values, vectors = np.empty(n), np.empty((n, count), order="F")
    support, found = np.empty(2 * count, np.int32), ctypes.c_int()

    def call(work: np.ndarray, whole: np.ndarray, room: int, whole_room: int) -> None:
        code = ctypes.c_int()
        numbers = [ctypes.c_int(one) for one in (n, first, last, room, whole_room)]
        order, low, high, length, whole_length = map(ctypes.byref, numbers)
        unused, tolerance = ctypes.byref(ctypes.c_double()), ctypes.byref(ctypes.c_double(0.0))
        dsyevr()(
            b"V", b"I", b"L", order, data(a), order, unused, unused, low, high, tolerance,
            ctypes.byref(found), data(values), data(vectors), order, data(support), data(work),
            length, data(whole), whole_length, ctypes.byref(code),
        )  # fmt: skip
        if code.value:
            raise np.linalg.LinAlgError(f"DSYEVR stopped with {code.value}.")

    size, whole_size = np.empty(1), np.empty(1, np.int32)
    call(size, whole_size, -1, -1)
    work, whole = np.empty(int(size[0])), np.empty(int(whole_size[0]), np.int32)
    call(work, whole, len(work), len(whole))
    return values[:count], vectors


@functools.cache
def dsyevr() -> Any:
    """The routine in scipy's own LAPACK, called by ctypes, which releases Python's lock."""
    from numba.extending import get_cython_function_address

    address = get_cython_function_address("scipy.linalg.cython_lapack", "dsyevr")
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * ARGUMENTS)(address)


def data(array: np.ndarray) -> ctypes.c_void_p:
    """Where an array's numbers lie."""
    return ctypes.c_void_p(array.ctypes.data)
