"""Counter-based random numbers: noise as a function of (seed, stream, step, neuron) only.

A run cut into blocks of any length, paused, or continued in another process draws the same
numbers, because no generator state exists. Threefry-2x32 with 13 rounds is the smallest member of
its family that passes BigCrush; it uses additions, rotations and exclusive ors only, which the
compiler turns into vector instructions.

Source: Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic as untyped_intrinsic

intrinsic: Callable[[Callable[..., Any]], Callable[..., Any]] = untyped_intrinsic
"""numba's decorator, with the type of what it returns."""

_W0, _W1, _W2, _W3, _W8, _W23, _W30, _W31 = (np.uint32(w) for w in (0, 1, 2, 3, 8, 23, 30, 31))
_R0, _R1, _R2, _R3 = (np.uint32(r) for r in (13, 15, 26, 6))
_R4, _R5, _R6, _R7 = (np.uint32(r) for r in (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)
_EIGHTH = np.uint32(0x20000000)
_MANTISSA = np.uint32(0x007FFFFF)
_HALF_BITS = np.uint32(0x3F3504F3)
_TO_HALF = np.uint32(0x3F800000 - 0x3F3504F3)
_BIAS = np.float32(127.0)
_SCALE24 = np.float32(2.0**-24)
_HALF, _ONE, _MINUS2 = np.float32(0.5), np.float32(1.0), np.float32(-2.0)
_LN2 = np.float32(0.693147180559945)
_ANGLE = np.float32(2.0 * np.pi * 2.0**-32)
# Cephes single-precision minimax coefficients: log(1 + f), sin and cos on a quarter turn.
_L0, _L1, _L2 = (np.float32(c) for c in (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1))
_L3, _L4, _L5 = (np.float32(c) for c in (-1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1))
_L6, _L7, _L8 = (np.float32(c) for c in (2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1))
_S1, _S2, _S3 = (np.float32(c) for c in (-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4))
_C1, _C2, _C3 = (np.float32(c) for c in (4.166664568e-2, -1.388731625e-3, 2.443315711e-5))


def _word_operation(name: str) -> Callable[..., Any]:
    """Make a 32-bit operation; numba alone widens integers to 64 bits and halves the lanes."""

    @intrinsic
    def operation(typing_context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, name)(*arguments)

        return types.uint32(types.uint32, types.uint32), generate

    return operation


_add = _word_operation("add")
_subtract = _word_operation("sub")
_xor = _word_operation("xor")
_and = _word_operation("and_")
_left = _word_operation("shl")
_right = _word_operation("lshr")


@intrinsic
def _rotate(typing_context: Any, x: Any, left: Any) -> Any:
    """Rotate 32 bits to the left."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.fshl", [word], ir.FunctionType(word, [word] * 3)
        )
        return builder.call(function, [arguments[0], *arguments])

    return types.uint32(types.uint32, types.uint32), generate


@njit(inline="always", nogil=True)
def _round(x0: np.uint32, x1: np.uint32, left: np.uint32) -> tuple[np.uint32, np.uint32]:
    """One round of Threefry: mix the two words."""
    x0 = _add(x0, x1)
    return x0, _xor(_rotate(x1, left), x0)


@njit(inline="always", nogil=True)
def threefry13(
    c0: np.uint32, c1: np.uint32, k0: np.uint32, k1: np.uint32
) -> tuple[np.uint32, np.uint32]:
    """Two random words of the counter (c0, c1) under the key (k0, k1)."""
    k2 = _xor(_xor(_PARITY, k0), k1)
    x0, x1 = _round(_add(c0, k0), _add(c1, k1), _R0)
    x0, x1 = _round(x0, x1, _R1)
    x0, x1 = _round(x0, x1, _R2)
    x0, x1 = _round(x0, x1, _R3)
    x0, x1 = _round(_add(x0, k1), _add(_add(x1, k2), _W1), _R4)
    x0, x1 = _round(x0, x1, _R5)
    x0, x1 = _round(x0, x1, _R6)
    x0, x1 = _round(x0, x1, _R7)
    x0, x1 = _round(_add(x0, k2), _add(_add(x1, k0), _W2), _R0)
    x0, x1 = _round(x0, x1, _R1)
    x0, x1 = _round(x0, x1, _R2)
    x0, x1 = _round(x0, x1, _R3)
    return _round(_add(x0, k0), _add(_add(x1, k1), _W3), _R4)


@intrinsic
def _bits(typing_context: Any, x: Any) -> Any:
    """The 32 bits of a single-precision number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.uint32(types.float32), generate


@intrinsic
def _single(typing_context: Any, x: Any) -> Any:
    """The single-precision number of 32 bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.uint32), generate


@intrinsic
def _signed(typing_context: Any, x: Any) -> Any:
    """The 32 bits read as a two's complement number, as single precision."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.sitofp(arguments[0], ir.FloatType())

    return types.float32(types.uint32), generate


@njit(inline="always", nogil=True)
def _radius(x: np.uint32) -> np.float32:
    """sqrt(-2 ln u) of the uniform number u = (x div 256 + 1/2) / 2^24 (Cephes polynomial)."""
    bits = _bits((_signed(_right(x, _W8)) + _HALF) * _SCALE24)
    # Split u into 2^e m with the mantissa m in [sqrt(1/2), sqrt(2)).
    shifted = _add(bits, _TO_HALF)
    exponent = _signed(_right(shifted, _W23)) - _BIAS
    f = _single(_add(_and(shifted, _MANTISSA), _HALF_BITS)) - _ONE
    z = f * f
    y = _L0
    y = y * f + _L1
    y = y * f + _L2
    y = y * f + _L3
    y = y * f + _L4
    y = y * f + _L5
    y = y * f + _L6
    y = y * f + _L7
    y = y * f + _L8
    log_u = exponent * _LN2 + (f - _HALF * z + y * f * z)
    return np.float32(np.sqrt(_MINUS2 * log_u))


@njit(inline="always", nogil=True)
def normal_pair(
    c0: np.uint32, c1: np.uint32, k0: np.uint32, k1: np.uint32
) -> tuple[np.float32, np.float32]:
    """Two independent standard normal numbers of one counter (Box and Muller)."""
    x0, x1 = threefry13(c0, c1, k0, k1)
    r = _radius(x0)
    quadrant = _right(_add(x1, _EIGHTH), _W30)
    a = _signed(_subtract(x1, _left(quadrant, _W30))) * _ANGLE
    z = a * a
    sine = ((_S3 * z + _S2) * z + _S1) * z * a + a
    cosine = ((_C3 * z + _C2) * z + _C1) * z * z - _HALF * z + _ONE
    odd = _and(quadrant, _W1) != _W0
    first = cosine if odd else sine
    second = sine if odd else cosine
    # Bit 31 of a float is its sign; the sine is negative in quadrants 2, 3, the cosine in 1, 2.
    sign_sine = _left(_right(quadrant, _W1), _W31)
    sign_cosine = _left(_right(_add(quadrant, _W1), _W1), _W31)
    return r * _single(_xor(_bits(first), sign_sine)), r * _single(_xor(_bits(second), sign_cosine))


@njit(nogil=True, cache=True, error_model="numpy")
def fill_normals(out: np.ndarray, seed: int, stream: int, step: int) -> None:
    """Write standard normal numbers; element i depends on (seed, stream, step, i) only.

    Parameters
    ----------
    out : float32 array, shape (n,), n even; pairs are (i, i + n/2), so n is part of the stream.
    seed, stream, step : whole numbers; the step may exceed 32 bits.
    """
    half = out.shape[0] // 2
    k0 = np.uint32(seed)
    k1 = np.uint32(np.uint32(stream) ^ np.uint32(np.uint64(step) >> np.uint64(32)))
    c1 = np.uint32(step)
    low = out[:half]
    high = out[half : 2 * half]
    for i in range(half):
        a, b = normal_pair(np.uint32(i), c1, k0, k1)
        low[i] = a
        high[i] = b


@njit(nogil=True, cache=True, error_model="numpy")
def fill_uniforms(out: np.ndarray, seed: int, stream: int, step: int) -> None:
    """Write uniform numbers of (0, 1); element i depends on (seed, stream, step, i) only."""
    k0 = np.uint32(seed)
    k1 = np.uint32(stream)
    for i in range(out.shape[0]):
        a, _ = threefry13(np.uint32(i), np.uint32(step), k0, k1)
        out[i] = (np.float64(a) + 0.5) * 2.0**-32
