"""Leading eigenvectors: right, complete, and without stopping other threads."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from backend.analysis.eigen import leading_eigenvectors


def symmetric(size: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((size, 3 * size))
    return rows @ rows.T


@pytest.mark.parametrize("count", [1, 5, 50, 200])
def test_the_leading_eigenvectors_are_those_of_the_whole_decomposition(count: int) -> None:
    matrix = symmetric(200)
    before = matrix.copy()
    values, vectors = leading_eigenvectors(matrix, count)
    whole = np.linalg.eigvalsh(matrix)[::-1][:count]
    assert np.allclose(values, whole, rtol=1e-10)
    assert vectors.shape == (200, count)
    assert np.allclose(matrix @ vectors, vectors * values, atol=1e-8 * values[0])
    assert np.allclose(vectors.T @ vectors, np.eye(count), atol=1e-10)
    assert np.array_equal(matrix, before)


def test_a_matrix_of_low_rank_gives_its_rank_and_zeros() -> None:
    rows = np.random.default_rng(1).standard_normal((40, 3))
    values, vectors = leading_eigenvectors(rows @ rows.T, 5)
    assert (values[:3] > 1).all()
    assert np.abs(values[3:]).max() < 1e-10
    assert np.isfinite(vectors).all()


def test_other_threads_go_on_while_it_decomposes() -> None:
    """Held, the lock would be free for less than a tenth of the call."""
    matrix = symmetric(1500)
    leading_eigenvectors(matrix[:50, :50], 3)  # the routine is found once
    moments: list[float] = []
    stop = threading.Event()

    def note() -> None:
        while not stop.is_set():
            moments.append(time.perf_counter())
            time.sleep(0)  # only hands the lock on

    thread = threading.Thread(target=note)
    thread.start()
    began = time.perf_counter()
    leading_eigenvectors(matrix, 100)
    ended = time.perf_counter()
    stop.set()
    thread.join()
    seen = np.clip(np.array([began, *moments, ended]), began, ended)
    assert np.diff(np.sort(seen)).max() < 0.5 * (ended - began)
