"""Encoding: equal to scikit-learn fold by fold, from features or from their inner products."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis.compression import gram
from backend.analysis.encoding import encode, encoding_scores, permuted_scores
from backend.analysis.linear_models import PENALTIES, Model
from backend.analysis.rdm_inference import judged
from backend.analysis.scores import score_of
from backend.core.parameters import ParameterError

STIMULI, UNITS, VERTICES = 120, 900, 7


def layer(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A layer with a spectrum, and vertices that read it."""
    generator = np.random.default_rng(seed)
    source = generator.standard_normal((STIMULI, 40)) / np.sqrt(1 + np.arange(40))
    features = np.maximum(source @ generator.standard_normal((40, UNITS)), 0.0) + 0.3
    features += 0.1 * generator.standard_normal(features.shape)
    brain = source @ generator.standard_normal((40, VERTICES))
    return features, brain + generator.standard_normal(brain.shape)


def plain(estimator: object, features: np.ndarray, brain: np.ndarray, components: int) -> list:
    """scikit-learn's predictions, fold by fold."""
    from sklearn.decomposition import PCA
    from sklearn.model_selection import KFold
    from sklearn.pipeline import make_pipeline

    found = []
    for train, test in KFold(10, shuffle=True, random_state=0).split(features):
        steps = make_pipeline(PCA(components, svd_solver="full"), estimator)
        found.append(steps.fit(features[train], brain[train]).predict(features[test]))
    return found


def of_scikit_learn(name: str) -> tuple[object, Model]:
    from sklearn.cross_decomposition import PLSRegression
    from sklearn.linear_model import Lasso, LinearRegression, Ridge, RidgeCV

    return {
        "OLS": (LinearRegression(), Model(components=30)),
        "ridge": (Ridge(alpha=20.0), Model("ridge", 30, 20.0)),
        "ridge by leave-one-out": (
            RidgeCV(PENALTIES, alpha_per_target=True),
            Model("ridge", 30),
        ),
        "lasso": (Lasso(0.05, tol=1e-12, max_iter=100_000), Model("lasso", 30, 0.05)),
        "PLS": (
            PLSRegression(5, scale=False, tol=1e-24, max_iter=50_000),
            Model("PLS", 30, latent=5),
        ),
    }[name]


@pytest.mark.parametrize("name", ["OLS", "ridge", "ridge by leave-one-out", "lasso", "PLS"])
def test_predictions_are_scikit_learn_s(name: str) -> None:
    features, brain = layer()
    estimator, model = of_scikit_learn(name)
    expected = plain(estimator, features, brain, 30)
    found = list(encode(features, brain, model))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.prediction, theirs, atol=1e-7)


def test_ridge_and_pls_on_all_features_are_scikit_learn_s() -> None:
    from sklearn.cross_decomposition import PLSRegression
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold

    features, brain = layer()
    parts = list(KFold(10, shuffle=True, random_state=0).split(features))
    pairs = (
        (Ridge(alpha=50.0), Model("ridge", None, 50.0)),
        (PLSRegression(4, scale=False, tol=1e-24, max_iter=50_000), Model("PLS", None, latent=4)),
    )
    for estimator, model in pairs:
        for fold, (train, test) in zip(encode(features, brain, model), parts, strict=True):
            theirs = estimator.fit(features[train], brain[train]).predict(features[test])
            np.testing.assert_allclose(fold.prediction, theirs, atol=1e-7)


def test_inner_products_stand_for_the_features() -> None:
    """Acceptance 19: within 1e-8 from an exact Gram, within 1e-4 from a single-precision one."""
    from sklearn.linear_model import LinearRegression

    features, brain = layer()
    single = features.astype(np.float32)
    expected = plain(LinearRegression(), single.astype(np.float64), brain, 30)
    for exact, tolerance in ((True, 1e-8), (False, 1e-4)):
        products = gram(single, exact=exact)
        found = encode(products, brain, Model(components=30))
        for ours, theirs in zip(found, expected, strict=True):
            assert np.abs(ours.prediction - theirs).max() < tolerance


def test_components_are_fitted_in_the_fold() -> None:
    """A test image changed beyond recognition leaves the other folds' models alone."""
    features, brain = layer()
    before = next(encode(features, brain))
    changed = features.copy()
    changed[before.test] += 1000.0
    changed_brain = brain.copy()
    changed_brain[before.test] = 0.0
    after = next(encode(changed, brain))
    assert not np.allclose(before.prediction, after.prediction)
    same = next(encode(features, changed_brain))
    np.testing.assert_allclose(before.prediction, same.prediction)


def test_a_share_of_variance_chooses_the_components() -> None:
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import KFold

    features, brain = layer()
    train, test = next(KFold(10, shuffle=True, random_state=0).split(features))
    pca = PCA(0.8, svd_solver="full").fit(features[train])
    line = LinearRegression().fit(pca.transform(features[train]), brain[train])
    expected = line.predict(pca.transform(features[test]))
    found = next(encode(features, brain, Model(components=0.8)))
    np.testing.assert_allclose(found.prediction, expected, atol=1e-8)


def test_scores_are_the_textbook_s() -> None:
    from scipy.stats import pearsonr
    from sklearn.metrics import explained_variance_score, r2_score

    generator = np.random.default_rng(1)
    truth = generator.standard_normal((40, 3)) + 5
    prediction = 0.5 * truth + generator.standard_normal((40, 3))
    for column in range(3):
        y, f = truth[:, column], prediction[:, column]
        for what, expected in (
            ("r", pearsonr(y, f).statistic),
            ("R2", r2_score(y, f)),
            ("explained variance", explained_variance_score(y, f)),
        ):
            assert score_of(truth, prediction, what)[column] == pytest.approx(expected, abs=1e-12)


def test_pooled_scores_are_of_all_predictions_together() -> None:
    features, brain = layer()
    scores = encoding_scores(features, brain)
    whole = np.empty_like(brain)
    for fold in encode(features, brain):
        whole[fold.test] = fold.prediction
    for what in ("r", "R2", "explained variance"):
        np.testing.assert_allclose(scores.of_all(what), score_of(brain, whole, what), atol=1e-12)
    assert scores.by_fold("r").shape == (10, VERTICES)
    np.testing.assert_allclose(scores.mean("r"), scores.by_fold("r").mean(axis=0))


def test_a_constant_vertex_is_counted_and_has_no_score() -> None:
    features, brain = layer()
    brain[:, 2] = 0.7
    scores = encoding_scores(features, brain)
    assert scores.constant.tolist() == [False, False, True, False, False, False, False]
    for what in ("r", "R2", "explained variance"):
        assert np.isnan(scores.mean(what)[2])
        assert np.isnan(scores.of_all(what)[2])
        assert np.isfinite(np.delete(scores.mean(what), 2)).all()


def test_shuffled_responses_give_the_null() -> None:
    features, brain = layer()
    brain[:, 0] = np.random.default_rng(9).standard_normal(STIMULI)
    null = np.stack(list(permuted_scores(features, brain, Model(components=10), permutations=60)))
    observed = encoding_scores(features, brain, Model(components=10)).mean("r")
    np.testing.assert_allclose(null[0], observed)
    p = judged(null[0], null[1:]).p
    assert p[0] > 0.05
    assert (p[1:] < 0.05).all()


def test_rows_that_differ_are_refused_with_both_numbers() -> None:
    features, brain = layer()
    with pytest.raises(ParameterError, match="120 stimuli, but 119 rows of brain data"):
        next(encode(features, brain[:-1]))


def test_nan_in_betas_is_counted_and_placed() -> None:
    features, brain = layer()
    brain[4, 1] = np.nan
    with pytest.raises(ParameterError, match=r"brain data hold 1 value .*\(4, 1\)"):
        next(encode(features, brain))


def test_more_folds_than_images_are_refused() -> None:
    features, brain = layer()
    with pytest.raises(ParameterError, match="130 folds of 120 images") as caught:
        next(encode(features, brain, folds=130))
    assert caught.value.fix == 120


def test_a_layer_without_variance_is_refused() -> None:
    with pytest.raises(ParameterError, match="same activations"):
        next(encode(np.ones((STIMULI, 5)), layer()[1]))


def test_work_can_be_stopped_between_folds() -> None:
    class StopError(Exception):
        pass

    calls = iter(range(100))

    def check() -> None:
        if next(calls) > 4:
            raise StopError

    features, brain = layer()
    stream = encode(features, brain, check=check)
    assert next(stream).number == 0
    with pytest.raises(StopError):
        list(stream)
