"""The counter-based stream: the published generator, and normals fit for physics."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from backend.spiking.random_stream import (
    GROUP,
    fill_bits,
    fill_normal,
    normal_at,
    padded_length,
    philox,
)


@njit
def _words(counter: np.ndarray, key: np.ndarray) -> tuple[int, int, int, int]:
    return philox(counter[0], counter[1], counter[2], counter[3], key[0], key[1])


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_words_are_those_of_the_published_known_answer_vectors(
    counter: list[int], key: list[int], expected: list[int]
) -> None:
    words = _words(np.array(counter, np.uint32), np.array(key, np.uint32))
    assert list(words) == expected


def _normals(seed: int, stream: int, steps: int, cells: int = 6400) -> np.ndarray:
    out = np.empty((steps, cells), np.float32)
    for step in range(steps):
        fill_normal(out[step], np.uint64(seed), stream, step)
    return out


def test_normals_have_the_moments_and_tails_of_a_normal() -> None:
    from scipy import stats

    x = _normals(3, 0, 1000).ravel().astype(float)
    n = x.size
    assert abs(x.mean()) < 4 / np.sqrt(n)
    assert abs(x.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs(stats.skew(x)) < 4 * np.sqrt(6 / n)
    assert abs(stats.kurtosis(x)) < 4 * np.sqrt(24 / n)
    assert stats.kstest(x[:1_000_000], "norm").pvalue > 1e-3
    beyond = np.count_nonzero(np.abs(x) > 4)
    assert abs(beyond - n * 6.334e-5) < 5 * np.sqrt(n * 6.334e-5)


def test_neighbouring_cells_steps_seeds_and_streams_are_uncorrelated() -> None:
    x = _normals(0, 0, 1000)
    limit = 4.5 / np.sqrt(x.size)
    for lag in (1, 15, 16, 17, 32, 48, 64, 80):
        assert abs((x[:, lag:] * x[:, :-lag]).mean()) < 1.1 * limit
        assert abs((x[lag:] * x[:-lag]).mean()) < 1.1 * limit
    assert abs((x * _normals(1, 0, 1000)).mean()) < limit
    assert abs((x * _normals(0, 1, 1000)).mean()) < limit
    assert abs(((x[:, 16:] ** 2 - 1) * (x[:, :-16] ** 2 - 1)).mean()) < 2.2 * limit


def test_a_number_depends_only_on_seed_stream_step_and_cell() -> None:
    long = np.empty(6400, np.float32)
    short = np.empty(GROUP, np.float32)
    for step in (0, 7, 2**33):
        fill_normal(long, np.uint64(2**63 + 5), 4, step)
        fill_normal(short, np.uint64(2**63 + 5), 4, step)
        assert np.array_equal(long[:GROUP], short)
        assert normal_at(np.uint64(2**63 + 5), 4, step) == short[0]


def test_bits_are_uniform_in_every_bit() -> None:
    words = np.empty((500, 6400), np.uint32)
    for step in range(500):
        fill_bits(words[step], np.uint64(9), 2, step)
    share = np.array([np.mean((words >> bit) & 1) for bit in range(32)])
    assert np.all(np.abs(share - 0.5) < 4.5 * 0.5 / np.sqrt(words.size))


def test_padded_length_rounds_up_to_whole_groups() -> None:
    assert [padded_length(n) for n in (1, 64, 65, 6400)] == [64, 64, 128, 6400]
