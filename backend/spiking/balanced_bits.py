"""Dense random connections as bit rows, and the counting of arriving spikes in bit-sliced counters.

A dense random network with one weight per (target class, source class) needs one bit a pair: a row
of bits per presynaptic cell, 12.5 MB at 10 000 cells where target lists take 50 MB. The spikes of
one step are counted for 512 targets at a time: every vector register holds one binary digit of the
512 counters, and a row is added by exclusive ors (sums) and ands (carries). Reading the counters
out costs one pass per step, however many spikes there were.

Target i of a row of M bytes is bit i div M of byte i mod M, so that reading out bit b gives M
neighbouring counters with one shift.

Sources: 01-ei-balanced-network, section 2.3 and DESIGN section 8; the counters follow Harley and
Seal's carry-save population count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types

from backend.spiking.balanced_random import intrinsic, threefry13

ROW_ALIGNMENT = 512
"""Targets are padded to this many, one 512-bit register of bit rows."""
MAX_ROWS = 252
"""Most rows one call may count: counters are bytes and rows come in fours."""
_TILE = 2
"""Vectors counted together, so that their dependency chains overlap."""


def padded(n: int) -> int:
    """Number of targets a row has room for."""
    return -(-n // ROW_ALIGNMENT) * ROW_ALIGNMENT


def _counter(planes: int) -> Callable[..., Any]:
    """Make the counting instruction for at most 2**planes - 1 rows, in LLVM vector code.

    numba has no vector type and LLVM does not vectorise the outer loop that keeps the counters in
    registers, so the loop nest is written here directly; on machines with shorter vectors the
    code generator splits the 512-bit operations.
    """

    @intrinsic
    def count(typing_context: Any, bits: Any, rows: Any, n_rows: Any, counts: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            arrays = [
                context.make_array(signature.args[k])(context, builder, arguments[k])
                for k in (0, 1, 3)
            ]
            _Counting(builder, arrays[0], arrays[1], arrays[2], arguments[2], planes).emit()
            return context.get_dummy_value()

        return types.void(bits, rows, types.intp, counts), generate

    return count


class _Counting:
    """Emits the loop nest: tiles of words, rows in fours, then the read-out of the tile."""

    def __init__(
        self,
        builder: Any,
        bits: Any,
        rows: Any,
        counts: Any,
        n_rows: Any,
        planes: int,
    ) -> None:
        self.builder = builder
        self.index = ir.IntType(64)
        self.vector = ir.VectorType(self.index, 8)
        self.planes = planes
        self.rows = rows.data
        self.n_rows = n_rows
        self.words = builder.extract_value(bits.shape, 1)
        self.bits = builder.bitcast(bits.data, self.index.as_pointer())
        self.counts = builder.bitcast(counts.data, self.index.as_pointer())

    def constant(self, value: int) -> Any:
        """A 64-bit constant."""
        return ir.Constant(self.index, value)

    def splat(self, value: int) -> Any:
        """A vector of eight equal words."""
        return ir.Constant(self.vector, [value] * 8)

    def load(self, pointer: Any, offset: Any) -> Any:
        """Eight words at an offset."""
        place = self.builder.gep(pointer, [offset])
        return self.builder.load(self.builder.bitcast(place, self.vector.as_pointer()), align=8)

    def emit(self) -> None:
        """Two loops: tiles of two vectors, then the odd vector of the row's end."""
        builder = self.builder
        whole = builder.and_(self.words, self.constant(-8 * _TILE))
        self.loop(self.constant(0), whole, 8 * _TILE, lambda m: self.tile(m, _TILE))
        self.loop(whole, self.words, 8, lambda m: self.tile(m, 1))

    def loop(self, first: Any, last: Any, step: int, body: Callable[[Any], None]) -> None:
        """``for m in range(first, last, step): body(m)``."""
        builder = self.builder
        entry = builder.block
        head = builder.append_basic_block("head")
        inside = builder.append_basic_block("body")
        after = builder.append_basic_block("after")
        builder.branch(head)
        builder.position_at_end(head)
        m = builder.phi(self.index)
        m.add_incoming(first, entry)
        builder.cbranch(builder.icmp_signed("<", m, last), inside, after)
        builder.position_at_end(inside)
        body(m)
        m.add_incoming(builder.add(m, self.constant(step)), builder.block)
        builder.branch(head)
        builder.position_at_end(after)

    def tile(self, word: Any, width: int) -> None:
        """Count all rows for ``width`` vectors that start at ``word`` and store the counters."""
        builder = self.builder
        entry = builder.block
        head = builder.append_basic_block("rows")
        inside = builder.append_basic_block("row")
        after = builder.append_basic_block("read")
        builder.branch(head)
        builder.position_at_end(head)
        k = builder.phi(self.index)
        k.add_incoming(self.constant(0), entry)
        digits = [[builder.phi(self.vector) for _ in range(self.planes)] for _ in range(width)]
        for lane in digits:
            for digit in lane:
                digit.add_incoming(self.splat(0), entry)
        builder.cbranch(builder.icmp_signed("<", k, self.n_rows), inside, after)
        builder.position_at_end(inside)
        added = self.add_four(k, word, digits)
        k.add_incoming(builder.add(k, self.constant(4)), builder.block)
        for lane, new in zip(digits, added, strict=True):
            for digit, value in zip(lane, new, strict=True):
                digit.add_incoming(value, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        for v, lane in enumerate(digits):
            self.read_out(builder.add(word, self.constant(8 * v)), lane)

    def add_four(self, k: Any, word: Any, digits: list[list[Any]]) -> list[list[Any]]:
        """Add rows k to k + 3 to the counters: three full adders and one ripple."""
        builder = self.builder
        starts = []
        for r in range(4):
            place = builder.gep(self.rows, [builder.add(k, self.constant(r))])
            row = builder.zext(builder.load(place), self.index)
            starts.append(builder.add(builder.mul(row, self.words), word))
        result = []
        for v, lane in enumerate(digits):
            a, b, c, d = (
                self.load(self.bits, builder.add(start, self.constant(8 * v))) for start in starts
            )
            ones, twos_a = self.full_adder(lane[0], a, b)
            ones, twos_b = self.full_adder(ones, c, d)
            twos, carry = self.full_adder(lane[1], twos_a, twos_b)
            new = [ones, twos]
            for digit in lane[2:]:
                new.append(builder.xor(digit, carry))
                carry = builder.and_(digit, carry)
            result.append(new)
        return result

    def full_adder(self, a: Any, b: Any, c: Any) -> tuple[Any, Any]:
        """Sum and carry of three digits."""
        builder = self.builder
        half = builder.xor(a, b)
        carry = builder.or_(builder.and_(a, b), builder.and_(half, c))
        return builder.xor(half, c), carry

    def read_out(self, word: Any, lane: list[Any]) -> None:
        """Turn the digits of one vector into eight vectors of byte counters and store them."""
        builder = self.builder
        for b in range(8):
            total = self.splat(0)
            for p, digit in enumerate(lane):
                if b > p:
                    digit = builder.lshr(digit, self.splat(b - p))
                elif p > b:
                    digit = builder.shl(digit, self.splat(p - b))
                mask = self.splat(0x0101010101010101 << p)
                total = builder.or_(total, builder.and_(digit, mask))
            offset = builder.add(builder.mul(self.words, self.constant(b)), word)
            place = builder.gep(self.counts, [offset])
            builder.store(total, builder.bitcast(place, self.vector.as_pointer()), align=8)


_count_15 = _counter(4)
_count_31 = _counter(5)
_count_63 = _counter(6)
_count_255 = _counter(8)


@njit(nogil=True, cache=True)
def count_rows(bits: np.ndarray, rows: np.ndarray, n_rows: int, counts: np.ndarray) -> None:
    """Count, for every target, the set bits of some rows.

    Parameters
    ----------
    bits : uint64 array, shape (sources + 1, words), words a multiple of 8; the last row is zero.
    rows : uint32 array with room for three more than ``n_rows`` entries (padding is written there).
    n_rows : at most ``MAX_ROWS``.
    counts : uint8 array, shape (64 words,); overwritten.
    """
    if n_rows == 0:
        counts[:] = 0
        return
    n = n_rows
    while n & 3:
        rows[n] = bits.shape[0] - 1
        n += 1
    if n_rows <= 15:
        _count_15(bits, rows, n, counts)
    elif n_rows <= 31:
        _count_31(bits, rows, n, counts)
    elif n_rows <= 63:
        _count_63(bits, rows, n, counts)
    else:
        _count_255(bits, rows, n, counts)


@njit(nogil=True, cache=True, inline="always")
def _bernoulli_word(
    digits: np.uint32, counter: np.uint32, source: np.uint32, key: np.uint32, stream: np.uint32
) -> np.uint32:
    """32 independent bits of probability digits / 2^32, one random word a binary digit.

    From the lowest digit up, or-ing a random word maps P to (1 + P) / 2 and and-ing to P / 2.
    """
    word = np.uint32(0)
    k = 0
    while k < 32 and (digits >> np.uint32(k)) & np.uint32(1) == 0:
        k += 1
    while k < 32:
        random, _ = threefry13(
            np.uint32(counter * np.uint32(32) + np.uint32(k)), source, key, stream
        )
        if (digits >> np.uint32(k)) & np.uint32(1):
            word = np.uint32(word | random)
        else:
            word = np.uint32(word & random)
        k += 1
    return word


@njit(nogil=True, cache=True)
def draw_rows(
    rows: np.ndarray,
    first_source: int,
    share: float,
    targets: np.ndarray,
    seed: int,
    stream: int,
) -> None:
    """Set each target bit of some rows with a probability, where ``targets`` has a one.

    Parameters
    ----------
    rows : uint32 array, shape (sources, words); bits are added to it.
    first_source : number of the first row in the whole matrix, part of the random counter.
    share : probability in [0, 1], used with 32 binary digits.
    targets : uint32 array, shape (words,), the mask of this class of targets.
    """
    every = share >= 1.0
    digits = np.uint32(min(share * 4294967296.0, 4294967295.0))
    for j in range(rows.shape[0]):
        for m in range(rows.shape[1]):
            if every:
                word = np.uint32(0xFFFFFFFF)
            else:
                word = _bernoulli_word(
                    digits,
                    np.uint32(m),
                    np.uint32(first_source + j),
                    np.uint32(seed),
                    np.uint32(stream),
                )
            rows[j, m] |= np.uint32(word & targets[m])


def target_mask(n_padded: int, first: int, last: int) -> np.ndarray:
    """Row of bits with ones for the targets first to last - 1, as uint32 words."""
    width = n_padded // 8
    wanted = np.zeros((8, width), np.uint8)
    wanted.reshape(-1)[first:last] = 1
    bytes_ = np.zeros(width, np.uint8)
    for b in range(8):
        bytes_ |= wanted[b] << np.uint8(b)
    return bytes_.view(np.uint32)


def set_bits(bits: np.ndarray, source: int, n_padded: int) -> np.ndarray:
    """Targets of one source, ascending (for tests and exports)."""
    bytes_ = bits[source].view(np.uint8)
    unpacked = np.unpackbits(bytes_[None, :], axis=0, bitorder="little")
    return np.flatnonzero(unpacked.reshape(-1)[:n_padded])
