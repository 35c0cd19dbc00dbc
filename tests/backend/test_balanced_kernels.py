"""Kernels of the balanced network against plain numpy; statistics of their random stream."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from backend.spiking import balanced_bits as bits
from backend.spiking.balanced_events import SpikeEvents, join, no_spikes
from backend.spiking.balanced_homogeneous import (
    Dynamics,
    HomogeneousNetwork,
    Wiring,
    cuba_network,
    dense_pairs,
    wire_dense,
    wire_sparse,
)
from backend.spiking.balanced_preview import MeanFieldPreview, spread
from backend.spiking.balanced_random import fill_normals, fill_uniforms, threefry13
from backend.spiking.balanced_spatial import SpatialDynamics
from backend.spiking.balanced_theory import (
    MeanField,
    SingularBalance,
    balance_gauge,
    finite_rates,
    large_n_rates,
    mean_field,
    variance_to_mean,
)
from backend.spiking.balanced_wiring import Geometry, displacement, wire_spatial
from backend.stimuli.camera import Discs

P = np.full((2, 2), 0.25)


# ---- random stream -----------------------------------------------------------------------


def test_threefry_gives_the_published_words() -> None:
    zero, ones = np.uint32(0), np.uint32(0xFFFFFFFF)
    assert [hex(w) for w in threefry13(zero, zero, zero, zero)] == ["0x9d1c5ec6", "0x8bd50731"]
    assert threefry13(ones, ones, ones, ones) != threefry13(zero, zero, zero, zero)


def normals(steps: int, n: int, seed: int = 0, stream: int = 1, first: int = 0) -> np.ndarray:
    out = np.empty((steps, n), np.float32)
    for step in range(steps):
        fill_normals(out[step], seed, stream, first + step)
    return out.astype(float)


def test_noise_is_standard_normal() -> None:
    z = normals(400, 10_000)
    n = z.size
    flat = z.ravel()
    assert abs(flat.mean()) < 4 / np.sqrt(n)
    assert abs(flat.var() - 1) < 4 * np.sqrt(2 / n)
    assert abs(stats.skew(flat)) < 4 * np.sqrt(6 / n)
    assert abs(stats.kurtosis(flat)) < 4 * np.sqrt(24 / n)
    assert stats.kstest(flat, "norm").pvalue > 1e-3
    assert 4.8 < np.abs(flat).max() < 6.0


def test_noise_is_uncorrelated_over_steps_cells_and_seeds() -> None:
    z = normals(2000, 500)
    limit = 5 / np.sqrt(z.size)
    for lag in (1, 2, 10):
        assert abs((z[lag:] * z[:-lag]).mean()) < limit
        assert abs((z[:, lag:] * z[:, :-lag]).mean()) < limit
    half = z.shape[1] // 2
    assert abs((z[:, :half] * z[:, half:]).mean()) < limit * np.sqrt(2)
    assert abs((z[:, :half] ** 2 * z[:, half:] ** 2).mean() - 1) < 8 * limit
    for other in (normals(2000, 500, seed=1), normals(2000, 500, stream=2)):
        assert abs((z * other).mean()) < limit
        assert not np.array_equal(z, other)


def test_noise_depends_on_seed_stream_and_step_alone() -> None:
    np.testing.assert_array_equal(normals(5, 64)[3], normals(1, 64, first=3)[0])
    far = normals(1, 64, first=2**32 + 3)[0]
    assert not np.array_equal(normals(1, 64, first=3)[0], far)


def test_uniform_numbers() -> None:
    out = np.empty(100_000)
    fill_uniforms(out, 5, 2, 0)
    assert 0.0 < out.min() < out.max() < 1.0
    assert stats.kstest(out, "uniform").pvalue > 1e-3


# ---- bit rows ----------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 1700), rows=st.integers(0, 252), share=st.floats(0.0, 1.0))
def test_counts_equal_a_plain_sum(n: int, rows: int, share: float) -> None:
    size = bits.padded(n)
    matrix = np.zeros((41, size // 64), np.uint64)
    bits.draw_rows(matrix[:40].view(np.uint32), 0, share, bits.target_mask(size, 0, n), 1, 7)
    chosen = np.zeros(256, np.uint32)
    chosen[:rows] = np.random.default_rng(rows).integers(0, 40, rows)
    counts = np.full(size, 99, np.uint8)
    bits.count_rows(matrix, chosen, rows, counts)
    expected = np.zeros(size, int)
    for row in chosen[:rows]:
        expected[bits.set_bits(matrix, int(row), size)] += 1
    np.testing.assert_array_equal(counts, expected)


def test_dense_wiring_has_the_wanted_probabilities_and_no_autapse() -> None:
    p = np.array([[0.25, 0.1], [0.6, 0.0]])
    wiring = wire_dense(1500, 0.2, p, 3, rows_at_once=37)
    source, target = dense_pairs(wiring)
    assert (source != target).all()
    assert target.max() < 1500
    assert wiring.synapses == len(source)
    for b, from_b in enumerate((source < 1200, source >= 1200)):
        for a, to_a in enumerate((target < 1200, target >= 1200)):
            pairs = (1200, 300)[a] * (1200, 300)[b]
            found = (from_b & to_a).sum() / pairs
            assert found == pytest.approx(p[a, b], abs=5 / np.sqrt(pairs) + 0.002)
    degrees = np.bincount(target[source < 1200], minlength=1500)[:1200]
    assert degrees.var() == pytest.approx(1200 * 0.25 * 0.75, rel=0.15)


def test_dense_wiring_does_not_depend_on_its_chunks() -> None:
    a, b = (wire_dense(700, 0.2, P, 1, rows_at_once=n) for n in (13, 700))
    np.testing.assert_array_equal(a.bits, b.bits)
    assert not np.array_equal(a.bits, wire_dense(700, 0.2, P, 2).bits)


def test_wiring_reports_progress_and_can_be_cancelled() -> None:
    class Stop(Exception):
        pass

    seen = []

    def progress(done: int, total: int) -> None:
        seen.append(done / total)
        if done > total / 2:
            raise Stop

    for build in (
        lambda: wire_dense(2000, 0.2, P, 0, progress),
        lambda: wire_spatial(Geometry(), 0, progress),
    ):
        seen.clear()
        with pytest.raises(Stop):
            build()
        assert 0.5 < seen[-1] < 0.7
        assert len(seen) > 5


# ---- step kernel -------------------------------------------------------------------------


def plain_network(
    pairs: tuple[np.ndarray, np.ndarray], n_e: int, n: int, d: Dynamics, mean: np.ndarray,
    v: np.ndarray, seed: int, padded: int,
) -> list[tuple[int, int]]:  # fmt: skip
    """The equations in double precision, one step at a time."""
    matrix = np.zeros((n, n))
    matrix[pairs[1], pairs[0]] = 1.0
    layer = (np.arange(n) >= n_e).astype(int)
    charge = (d.j / np.sqrt(n) if d.divided else d.j)[layer]
    g = np.zeros((2, n))
    v = v[:n].astype(float)
    wait = np.zeros(n, int)
    events = []
    for k, mu in enumerate(mean):
        noise = np.empty(padded, np.float32)
        fill_normals(noise, seed, 1, k)
        current = np.sqrt(n) * d.f[layer] * mu + charge[:, 0] * g[0] + charge[:, 1] * g[1]
        keep = np.exp(-d.leak * d.dt / d.tau[layer])
        gain = (1.0 - keep) / d.leak if d.leak else d.dt / d.tau[layer]
        v = keep * v + gain * (current + d.leak * d.rest)
        v += np.sqrt(d.vmr_input * mu * d.dt) / d.tau[layer] * noise[:n]
        fired = (v >= d.theta) & (wait == 0)
        v = np.where(fired, 0.0 if d.hard_reset else v - d.theta, v)
        v = np.where(wait > 0, 0.0, v)
        if d.barrier:
            v = np.maximum(v, 0.0)
        wait = np.where(fired, round(d.refractory / d.dt), np.maximum(wait - 1, 0))
        for b, mine in enumerate((layer == 0, layer == 1)):
            g[b] = g[b] * np.exp(-d.dt / d.tau_s[b]) + matrix @ (fired & mine) / d.tau_s[b]
        events += [(k, i) for i in np.flatnonzero(fired)]
    return events


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"divided": True}, {"hard_reset": True}, {"barrier": True}, {"refractory": 2.0},
        {"leak": 1.0, "rest": 4.0, "dt": 0.01},
    ],
)  # fmt: skip
def test_kernel_follows_the_equations(changes: dict) -> None:
    d = Dynamics(**changes)
    wiring = wire_dense(300, 0.2, P, 0)
    network = HomogeneousNetwork(wiring, d, 4)
    steps = round(20.0 / d.dt)
    mean = np.full(steps, 0.3)
    expected = plain_network(
        dense_pairs(wiring), 240, 300, d, mean, network.v.copy(), 4, len(network.v)
    )
    events = network.advance(mean)
    cell = events.index + 240 * events.layer
    found = list(zip(events.step.tolist(), cell.tolist(), strict=True))
    # Single precision moves a few spikes by a step; from there on trajectories part slowly.
    head = max(30, len(expected) // 4)
    same = len(set(found[:head]) & set(expected[:head]))
    assert same >= 0.95 * head
    assert len(found) == pytest.approx(len(expected), rel=0.02)


def test_bit_rows_and_target_lists_give_the_same_spikes() -> None:
    dense = wire_dense(500, 0.2, P, 2)
    source, target = dense_pairs(dense)
    pointers = np.zeros(501, np.int64)
    pointers[1:] = np.cumsum(np.bincount(source, minlength=500))
    lists = Wiring(500, 400, np.zeros((1, 0), np.uint64), pointers, target.astype(np.uint16))
    mean = np.full(600, 0.2)
    a = HomogeneousNetwork(dense, Dynamics(), 0).advance(mean)
    b = HomogeneousNetwork(lists, Dynamics(), 0).advance(mean)
    assert len(a) > 1000
    np.testing.assert_array_equal(a.index, b.index)
    np.testing.assert_array_equal(a.step, b.step)


def test_more_spikes_in_a_step_than_the_counters_hold() -> None:
    wiring = wire_dense(2000, 0.2, np.ones((2, 2)), 0)
    network = HomogeneousNetwork(wiring, Dynamics(vmr_input=0.0), 0)
    network.v[:2000] = 14.99
    network.advance(np.full(1, 1.0))
    charge = (1600 - (np.arange(2000) < 1600)) / 6.0
    np.testing.assert_allclose(network.g_e[:2000], charge, rtol=1e-5)
    np.testing.assert_allclose(network.g_i[:1600], 400 / 5.0, rtol=1e-5)


def test_one_spike_delivers_its_charge() -> None:
    d = Dynamics()
    g, total = 1.0 / d.tau_s[0], 0.0
    for _ in range(2000):
        total += g * d.dt
        g *= np.exp(-d.dt / d.tau_s[0])
    assert total == pytest.approx(1.0, rel=0.01)


def test_saturated_cells_are_counted() -> None:
    network = HomogeneousNetwork(wire_dense(200, 0.2, P, 0), Dynamics(dt=0.5), 0)
    network.advance(np.full(40, 50.0))
    assert network.saturated > 0


def test_sparse_wiring_and_refractory_cells() -> None:
    wiring = wire_sparse(1000, 800, 0.02, 0)
    assert wiring.synapses == pytest.approx(20_000, rel=0.05)
    network = cuba_network(1000, 0.08)
    events = network.advance(np.zeros(3000))
    for cell in range(50):
        mine = events.step[(events.index == cell) & (events.layer == 0)]
        assert (np.diff(mine) > 50).all()


def test_widths_read_as_variances_blur_the_image() -> None:
    sides = {"F": 20, "E": 30, "I": 10}
    plain = wire_spatial(Geometry(side=sides), 0)
    blurred = wire_spatial(Geometry(side=sides, width_is_variance=True), 0)
    assert displacement(blurred, "E", "F") > 3 * displacement(plain, "E", "F")
    assert blurred.lists["E", "F"].synapses == plain.lists["E", "F"].synapses


# ---- theory ------------------------------------------------------------------------------


def theory(n: int = 4000, divided: bool = False):
    return Dynamics(divided=divided).theory(n, 0.2, P)


def printed_finite_rates(theory: MeanField, mu: float) -> np.ndarray:
    """The closed form of Eq. 7 as the paper prints it (equal to :func:`finite_rates`)."""
    w, f, tau, theta = theory.w, theory.f, theory.tau, theory.theta
    e = 1.0 / np.sqrt(theory.n)
    d = (
        theory.determinant
        + e * theta * (w[0, 0] * tau[1] + w[1, 1] * tau[0])
        - e**2 * theta**2 * tau[0] * tau[1]
    )
    rate_e = (f[0] * w[1, 1] - f[1] * w[0, 1]) - e * f[0] * theta * tau[1]
    rate_i = (f[1] * w[0, 0] - f[0] * w[1, 0]) - e * f[1] * theta * tau[0]
    return np.array([rate_e, rate_i]) * mu / d


def test_equation_7_as_solved_and_as_printed() -> None:
    for n in (500, 4000, 10_000):
        for divided in (True, False):
            t = theory(n, divided)
            np.testing.assert_allclose(finite_rates(t, 0.1), printed_finite_rates(t, 0.1))


def test_equation_7_becomes_equation_5() -> None:
    t = theory(10**13, True)
    np.testing.assert_allclose(finite_rates(t, 0.1), large_n_rates(t, 0.1), rtol=0.01)
    np.testing.assert_allclose(
        np.sqrt(500) * large_n_rates(theory(500), 1.0), large_n_rates(theory(500, True), 1.0)
    )
    np.testing.assert_allclose(large_n_rates(t, 1.0), [100 / 3, 280 / 3])


def test_balance_gauge() -> None:
    gauge = balance_gauge(theory())
    assert gauge.holds
    assert (gauge.drive, gauge.inhibition, gauge.excitation) == pytest.approx((1.5, 1.0, 0.625))
    broken = mean_field(4000, 0.2, P, Dynamics().j, np.array([1.0, 2.0]), np.ones(2), 15.0, False)
    assert not balance_gauge(broken).holds


def test_singular_balance_is_said() -> None:
    j = np.array([[1.0, -1.0], [1.0, -1.0]])
    t = mean_field(400, 0.5, P, j, np.ones(2), np.ones(2), 1.0, True)
    with pytest.raises(SingularBalance):
        large_n_rates(t, 1.0)


def test_variance_to_mean_is_constant_when_the_input_variance_follows_the_mean() -> None:
    t = theory()
    betas = [variance_to_mean(t, finite_rates(t, mu), 0.1, mu) for mu in (0.05, 0.1, 0.2)]
    np.testing.assert_allclose(betas[0], betas[1])
    np.testing.assert_allclose(betas[0], betas[2])


# ---- preview -----------------------------------------------------------------------------


def test_separable_spread_equals_a_fourier_convolution_away_from_the_border() -> None:
    side, deviation = 80, 0.05
    share = spread(side, side, deviation)
    field = np.random.default_rng(0).random((side, side))
    edges = np.exp(-0.5 * (2 * np.pi * np.fft.fftfreq(side) * side * deviation) ** 2)
    edges *= np.sinc(np.fft.fftfreq(side))
    fourier = np.fft.ifft2(np.fft.fft2(field) * np.outer(edges, edges)).real
    inner = slice(25, 55)
    ours = share @ field @ share.T
    np.testing.assert_allclose(ours[inner, inner], fourier[inner, inner], atol=2e-3)
    np.testing.assert_allclose(share.sum(axis=0), 1.0)


@pytest.mark.parametrize("coarse", [1, 2])
def test_preview_predicts_the_step_of_figure_5a(coarse: int) -> None:
    disc = Discs("step", x=0.25, y=0.5, amplitude=15.0)
    preview = MeanFieldPreview(Geometry(), SpatialDynamics(dt=0.25), disc, coarse=coarse)
    preview.advance(280)
    assert preview.disc_rate("F", 0.25, 0.5, 0.05) == pytest.approx(2.0 / 15.0, rel=1e-4)
    assert preview.disc_rate("E", 0.25, 0.5, 0.05) == pytest.approx(0.042, rel=0.1)
    preview.advance(320)
    assert preview.disc_rate("E", 0.25, 0.5, 0.05) == pytest.approx(0.241, rel=0.1)


# ---- events ------------------------------------------------------------------------------


def test_events_are_cut_and_joined() -> None:
    events = SpikeEvents(
        np.array([0, 3, 3, 9]), np.array([0, 1, 0, 0], np.uint8),
        np.array([4, 1, 0, 4], np.int32), 0.5, ("E", "I"),
    )  # fmt: skip
    assert events.t_ms.tolist() == [0.5, 2.0, 2.0, 5.0]
    assert events.counts("E", 5, 0, 9).tolist() == [1, 0, 0, 0, 1]
    assert events.rate("E", 5, 0, 10, 5).tolist() == [2 / 12.5, 1 / 12.5]
    assert len(join([events, no_spikes(0.5, ("E", "I")), events])) == 8
