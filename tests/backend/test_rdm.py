"""RDMs: equal to rsatoolbox and scipy, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from backend.analysis.compression import compressed, gram, z_scored_patterns
from backend.analysis.crossnobis import crossnobis
from backend.analysis.rdm import label_means, noise_precision, rdm
from backend.core.parameters import ParameterError

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning:numpy")


def patterns(rows: int = 30, width: int = 5000, seed: int = 0) -> np.ndarray:
    """Activations with a mean pattern, as a layer has."""
    generator = np.random.default_rng(seed)
    return generator.standard_normal((rows, width)) + 2.0 + generator.standard_normal(width)


def of_rsatoolbox(features: np.ndarray, method: str, **columns: np.ndarray) -> np.ndarray:
    """The same distances from rsatoolbox."""
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm

    settings = {name: columns.pop(name) for name in ("noise",) if name in columns}
    if columns:
        settings |= {"descriptor": "condition", "cv_descriptor": "fold"}
    found = calc_rdm(Dataset(features, obs_descriptors=columns), method=method, **settings)
    return found.get_matrices()[0]


@pytest.mark.parametrize(
    ("ours", "theirs"), [("correlation", "correlation"), ("squared Euclidean", "euclidean")]
)
@pytest.mark.parametrize(("kind", "tolerance"), [(np.float64, 1e-12), (np.float32, 3e-5)])
def test_distances_are_rsatoolbox_s(ours: str, theirs: str, kind: type, tolerance: float) -> None:
    features = patterns().astype(kind)
    found = rdm(features, ours)
    np.testing.assert_allclose(found, of_rsatoolbox(features, theirs), atol=tolerance)
    assert (found == found.T).all()
    assert (np.diag(found) == 0).all()


def test_mahalanobis_distance_is_rsatoolbox_s() -> None:
    features = patterns(width=40)
    precision = noise_precision(np.random.default_rng(1).standard_normal((200, 40)) * 3)
    expected = of_rsatoolbox(features, "mahalanobis", noise=precision)
    np.testing.assert_allclose(rdm(features, "Mahalanobis", precision), expected, rtol=1e-9)
    diagonal = np.linspace(0.5, 2, 40)
    expected = of_rsatoolbox(features, "mahalanobis", noise=np.diag(diagonal))
    np.testing.assert_allclose(rdm(features, "Mahalanobis", diagonal), expected, rtol=1e-9)


@pytest.mark.parametrize("folds", [2, 3, 4])
@pytest.mark.parametrize("noise", ["none", "variances", "full"])
def test_crossnobis_distance_is_rsatoolbox_s(folds: int, noise: str) -> None:
    generator = np.random.default_rng(2)
    condition, fold = np.tile(np.arange(12), folds * 2), np.repeat(np.arange(folds), 24)
    features = generator.standard_normal((len(fold), 60)) + 3
    residual = generator.standard_normal((300, 60))
    full = {"none": None, "variances": np.diag(np.linspace(1, 3, 60))}.get(
        noise, noise_precision(residual)
    )
    columns = {"condition": condition, "fold": fold}
    if full is not None:
        columns["noise"] = full
    expected = of_rsatoolbox(features, "crossnobis", **columns)
    given = np.diag(full) if noise == "variances" else full
    found, names = crossnobis(features, condition, fold, given)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert names.tolist() == list(range(12))


def test_crossnobis_weighs_measurements_when_folds_are_not_alike() -> None:
    generator = np.random.default_rng(3)
    condition, fold = np.tile(np.arange(6), 6), np.repeat(np.arange(3), 12)
    keep = np.arange(36) != 5
    features = generator.standard_normal((36, 50))[keep]
    columns = {"condition": condition[keep], "fold": fold[keep]}
    found, _ = crossnobis(features, columns["condition"], columns["fold"])
    np.testing.assert_allclose(found, of_rsatoolbox(features, "crossnobis", **columns), atol=1e-12)


def test_crossnobis_of_equal_conditions_is_zero_on_average() -> None:
    generator = np.random.default_rng(4)
    condition, fold = np.tile(np.arange(40), 2), np.repeat([0, 1], 40)
    found, _ = crossnobis(generator.standard_normal((80, 400)), condition, fold)
    cells = found[np.triu_indices(40, 1)]
    assert abs(cells.mean()) < 3 * 0.1 / np.sqrt(40)
    assert (cells < 0).any()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("Euclidean", "euclidean"), ("cosine", "cosine"), ("city-block", "cityblock")],
)
@pytest.mark.parametrize(("kind", "tolerance"), [(np.float64, 1e-9), (np.float32, 2e-5)])
def test_distances_are_scipy_s(ours: str, theirs: str, kind: type, tolerance: float) -> None:
    features = patterns(rows=130).astype(kind)
    expected = squareform(pdist(features.astype(np.float64), theirs))
    np.testing.assert_allclose(rdm(features, ours), expected, rtol=tolerance, atol=tolerance)


def test_a_large_mean_costs_no_digits_in_single_precision() -> None:
    features = (patterns() + 1000.0).astype(np.float32)
    expected = squareform(pdist(features.astype(np.float64), "euclidean"))
    np.testing.assert_allclose(rdm(features, "Euclidean"), expected, rtol=1e-6)


def test_a_gram_matrix_keeps_distances_and_loses_only_width() -> None:
    features = patterns(rows=25, width=9000)
    small = compressed(gram(features))
    assert small.shape == (25, 24)
    np.testing.assert_allclose(pdist(small), pdist(features), rtol=1e-10)


def test_a_gram_of_single_precision_can_be_exact() -> None:
    features = patterns(rows=20, width=9000).astype(np.float32)
    wide = features.astype(np.float64)
    wide -= wide.mean(axis=0)
    expected = wide @ wide.T
    scale = np.diag(expected).mean()
    # float32 features are centred by a float64 mean: only the product's rounding is left
    assert np.abs(gram(features, exact=True).matrix - expected).max() < 1e-12 * scale
    assert np.abs(gram(features).matrix - expected).max() < 1e-5 * scale


def test_values_too_large_to_square_in_single_precision_are_multiplied_in_double() -> None:
    features = patterns(rows=6).astype(np.float32) * np.float32(1e25)
    found = rdm(features, "Euclidean")
    expected = squareform(pdist(features.astype(np.float64)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_patterns_are_standardised_and_dead_ones_are_zero() -> None:
    features = patterns(rows=4, width=300).astype(np.float32)
    features[2] = 1.5
    found = z_scored_patterns(features.reshape(4, 3, 10, 10))
    np.testing.assert_allclose(found[[0, 1, 3]].std(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(found.mean(axis=1), 0.0, atol=1e-6)
    assert (found[2] == 0).all()


def test_patterns_are_averaged_within_labels() -> None:
    features = patterns(rows=6, width=3)
    means, names = label_means(features, np.array(["b", "a", "b", "c", "a", "b"]))
    assert names.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(means[1], features[[0, 2, 5]].mean(axis=0))


def test_a_constant_pattern_is_named() -> None:
    features = patterns(rows=6, width=50).astype(np.float32)
    features[3] = 0.1
    with pytest.raises(ParameterError, match="1 pattern is constant over all features, the first "
                       "at row 4") as caught:  # fmt: skip
        rdm(features)
    assert caught.value.fix == "Euclidean"


def test_one_feature_has_no_correlation_distance() -> None:
    with pytest.raises(ParameterError, match="at least two features"):
        rdm(np.arange(6.0)[:, None])


@pytest.mark.parametrize("distance", ["correlation", "Euclidean", "city-block", "cosine"])
def test_numbers_that_are_none_are_counted_and_placed(distance: str) -> None:
    features = patterns(rows=6, width=50)
    features[2, 7] = np.nan
    features[4, 1] = np.inf
    with pytest.raises(ParameterError, match=r"2 values .* first at index \(2, 7\)"):
        rdm(features, distance)


def test_a_condition_missing_in_a_fold_is_named() -> None:
    condition, fold = np.array([0, 1, 2, 0, 1]), np.array([0, 0, 0, 1, 1])
    with pytest.raises(ParameterError, match='Condition "2" has no measurement in fold "1"'):
        crossnobis(patterns(rows=5, width=9), condition, fold)
