"""Compiled loops over pairs of conditions: city-block distances, and permuted inner products."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(nogil=True, cache=True, fastmath=True)
def city_block(left, right, out):  # type: ignore[no-untyped-def]
    """Add to out[i, j] the sum over features of abs(left[i] - right[j])."""
    for i in range(left.shape[0]):
        one = left[i]
        for j in range(right.shape[0]):
            other = right[j]
            part = one[0] * 0
            for k in range(one.size):
                part += abs(one[k] - other[k])
            out[i, j] += part


@nb.njit(nogil=True, cache=True, fastmath=True)
def permuted_products(models, reference, orders, out):  # type: ignore[no-untyped-def]
    """out[b, m] = sum over i > j of models[m, i, j] · reference[order(i), order(j)].

    A row of the permuted matrix is gathered once, from one row of the reference, which the
    first-level cache holds; every model then takes its product with it.
    """
    count = reference.shape[0]
    row = np.empty(count, reference.dtype)
    for b in range(orders.shape[0]):
        order = orders[b]
        out[b, :] = 0.0
        for i in range(1, count):
            source = reference[order[i]]
            for j in range(i):
                row[j] = source[order[j]]
            for m in range(models.shape[0]):
                model = models[m, i]
                part = row[0] * 0
                for j in range(i):
                    part += model[j] * row[j]
                out[b, m] += part
