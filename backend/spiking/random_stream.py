"""Counter-based random numbers: noise that is a function of (seed, stream, step, cell) only.

Because no state is carried from draw to draw, a simulation gives the same spikes however it is cut
into blocks, and trials can be computed in any order. The generator is Philox4x32-10 (Salmon,
Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC 2011): the key is the
64-bit seed, the counter is (block of the cell, step, stream, high word of the step). Normals come
from the Box-Muller transform in single precision with polynomials written here, so that LLVM can
vectorise the whole chain without a vector maths library and every machine gets the same bits.

Cells are dealt in groups of 64: counter block 16 g + b gives its four words to the cells
64 g + b, 64 g + 16 + b, 64 g + 32 + b and 64 g + 48 + b, so every store is contiguous.
"""

from __future__ import annotations

import numba as nb
import numpy as np

GROUP = 64
"""Cells of one group; pass arrays whose length is a multiple of it (see :func:`padded_length`)."""

_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint32(0x9E3779B9)
_WEYL_1 = np.uint32(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_WORD = np.uint64(32)

_ONE = np.float32(1.0)
_BELOW_ONE = np.float32(1.0 - 2.0**-24)
_HALF = np.float32(0.5)
_TWO_TO_MINUS_32 = np.float32(2.0**-32)
_SQRT_HALF = np.float32(0.70710678)
_LN2 = np.float32(0.6931471805599453)
_ANGLE = np.float32(np.pi * 2.0**-31)


def padded_length(n: int) -> int:
    """Return the smallest multiple of ``GROUP`` that holds ``n`` cells."""
    return -(-n // GROUP) * GROUP


@nb.njit(inline="always")
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Return the four words of Philox4x32-10 for one counter (four uint32) and key (two uint32)."""
    for _ in range(10):
        p0 = _MULTIPLIER_0 * np.uint64(c0)
        p1 = _MULTIPLIER_1 * np.uint64(c2)
        d0 = np.uint32(p1 >> _WORD) ^ c1 ^ k0
        d2 = np.uint32(p0 >> _WORD) ^ c3 ^ k1
        c1 = np.uint32(p1 & _LOW)
        c3 = np.uint32(p0 & _LOW)
        c0 = d0
        c2 = d2
        k0 = np.uint32(k0 + _WEYL_0)
        k1 = np.uint32(k1 + _WEYL_1)
    return c0, c1, c2, c3


@nb.njit(inline="always")
def _log(x):  # type: ignore[no-untyped-def]
    """Natural logarithm of a positive normal float32 (Cephes ``logf``, error below 1 ulp or so)."""
    bits = np.float32(x).view(np.int32)
    exponent = (bits >> np.int32(23)) - np.int32(126)
    mantissa = np.int32((bits & np.int32(0x007FFFFF)) | np.int32(0x3F000000)).view(np.float32)
    small = mantissa < _SQRT_HALF
    e = np.float32(exponent) - (_ONE if small else np.float32(0.0))
    m = mantissa + (mantissa if small else np.float32(0.0)) - _ONE
    z = m * m
    y = np.float32(7.0376836292e-2)
    y = y * m + np.float32(-1.1514610310e-1)
    y = y * m + np.float32(1.1676998740e-1)
    y = y * m + np.float32(-1.2420140846e-1)
    y = y * m + np.float32(1.4249322787e-1)
    y = y * m + np.float32(-1.6668057665e-1)
    y = y * m + np.float32(2.0000714765e-1)
    y = y * m + np.float32(-2.4999993993e-1)
    y = y * m + np.float32(3.3333331174e-1)
    return m + (y * m * z - _HALF * z) + e * _LN2


@nb.njit(inline="always")
def box_muller(radius_word, angle_word):  # type: ignore[no-untyped-def]
    """Return two independent standard normals (float32) from two uint32 words.

    The radius uses all 32 bits of its word, so the tail reaches 6.7 standard deviations. The angle
    is split into a quadrant (two bits) and a rest of at most a quarter turn.
    """
    uniform = (np.float32(radius_word) + _HALF) * _TWO_TO_MINUS_32
    radius = np.sqrt(np.float32(-2.0) * _log(min(uniform, _BELOW_ONE)))
    quadrant = angle_word >> np.uint32(30)
    rest = np.int32(angle_word & np.uint32(0x3FFFFFFF)) - np.int32(0x20000000)
    a = np.float32(rest) * _ANGLE
    z = a * a
    sine = np.float32(-1.9515295891e-4) * z + np.float32(8.3321608736e-3)
    sine = sine * z + np.float32(-1.6666654611e-1)
    sine = a + sine * z * a
    cosine = np.float32(2.443315711809948e-5) * z + np.float32(-1.388731625493765e-3)
    cosine = cosine * z + np.float32(4.166664568298827e-2)
    cosine = _ONE - _HALF * z + cosine * z * z
    odd = (quadrant & np.uint32(1)) != np.uint32(0)
    x = sine if odd else cosine
    y = cosine if odd else sine
    x = -x if (quadrant == np.uint32(1)) | (quadrant == np.uint32(2)) else x
    y = -y if quadrant >= np.uint32(2) else y
    return radius * x, radius * y


@nb.njit(nogil=True, cache=True, boundscheck=False)
def fill_bits(out, seed, stream, step):  # type: ignore[no-untyped-def]
    """Fill ``out`` (uint32, length a multiple of 64) with uniform words.

    ``seed`` is a uint64, ``stream`` a number below 2**32 that separates uses of one seed, ``step``
    a non-negative int64. Same arguments, same words.
    """
    k0 = np.uint32(np.uint64(seed) & _LOW)
    k1 = np.uint32(np.uint64(seed) >> _WORD)
    c1 = np.uint32(np.uint64(step) & _LOW)
    c2 = np.uint32(stream)
    c3 = np.uint32(np.uint64(step) >> _WORD)
    for group in range(out.size // 64):
        base = group * 64
        for b in range(16):
            block = np.uint32(group * 16 + b)
            w0, w1, w2, w3 = philox(block, c1, c2, c3, k0, k1)
            out[base + b] = w0
            out[base + 16 + b] = w1
            out[base + 32 + b] = w2
            out[base + 48 + b] = w3


@nb.njit(nogil=True, cache=True, boundscheck=False)
def fill_normal(out, seed, stream, step):  # type: ignore[no-untyped-def]
    """Fill ``out`` (float32, length a multiple of 64) with standard normals.

    Arguments as for :func:`fill_bits`. Cell i of the same (seed, stream, step) always gets the same
    number, whatever the length of ``out``.
    """
    k0 = np.uint32(np.uint64(seed) & _LOW)
    k1 = np.uint32(np.uint64(seed) >> _WORD)
    c1 = np.uint32(np.uint64(step) & _LOW)
    c2 = np.uint32(stream)
    c3 = np.uint32(np.uint64(step) >> _WORD)
    for group in range(out.size // 64):
        base = group * 64
        for b in range(16):
            block = np.uint32(group * 16 + b)
            w0, w1, w2, w3 = philox(block, c1, c2, c3, k0, k1)
            n0, n1 = box_muller(w0, w1)
            n2, n3 = box_muller(w2, w3)
            out[base + b] = n0
            out[base + 16 + b] = n1
            out[base + 32 + b] = n2
            out[base + 48 + b] = n3


@nb.njit(nogil=True, cache=True)
def normal_at(seed, stream, step):  # type: ignore[no-untyped-def]
    """Return the standard normal of cell 0: what :func:`fill_normal` puts into ``out[0]``."""
    k0 = np.uint32(np.uint64(seed) & _LOW)
    k1 = np.uint32(np.uint64(seed) >> _WORD)
    c1 = np.uint32(np.uint64(step) & _LOW)
    c3 = np.uint32(np.uint64(step) >> _WORD)
    w0, w1, _, _ = philox(np.uint32(0), c1, np.uint32(stream), c3, k0, k1)
    n0, _ = box_muller(w0, w1)
    return n0
