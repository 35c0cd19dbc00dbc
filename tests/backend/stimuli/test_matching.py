"""Matching as the SHINE toolbox defines it, in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from backend.core.parameters import ParameterError
from backend.stimuli.matching import (
    figure_masks,
    histogram,
    match,
    match_luminance,
    match_rotational,
    match_spectrum,
    radial_mean,
    radius_index,
    similarity,
    whole_counts,
)
from backend.stimuli.pictures import read_picture
from backend.stimuli.stimulus_set import StimulusSet


@pytest.fixture(scope="module")
def stimuli() -> StimulusSet:
    """Four natural pictures cut to 120 × 128."""
    cut = [read_picture(name)[40:160, 60:188] for name in ("camera", "coins", "cat", "moon")]
    images = np.rint(np.array(cut) * 255).astype(np.uint8)
    return StimulusSet(name="natural", images=images, table={"name": list("abcd")})


def test_histograms_are_equal_bin_by_bin(stimuli: StimulusSet) -> None:
    made, report = match(stimuli, ["histogram"])
    counts = np.array([histogram(image) for image in made.images])
    assert np.array_equal(counts, np.broadcast_to(counts[0], counts.shape))
    mean = np.mean([histogram(image) for image in stimuli.images], axis=0)
    assert np.abs(counts[0] - mean).max() <= 1
    assert max(report.table["histogram_after"]) < 1e-12
    assert min(report.table["histogram_before"]) > 0.1
    assert made.history[-1] == "Matched histograms to the set's mean."


def test_histogram_matching_keeps_the_order_of_pixels(stimuli: StimulusSet) -> None:
    made, _ = match(stimuli, ["histogram"], target=2)
    assert np.array_equal(histogram(made.images[0]), histogram(stimuli.images[2]))
    old, new = stimuli.images[0].ravel().astype(int), made.images[0].ravel().astype(int)
    order = np.argsort(old, kind="stable")
    steps = np.diff(old[order]) > 0
    assert (np.diff(new[order])[steps] >= -255).all()
    for level in np.unique(old)[:-1]:
        assert new[old == level].max() <= new[old > level].min()
    assert np.array_equal(made.images[2], stimuli.images[2])


def test_mean_and_contrast_are_equal(stimuli: StimulusSet) -> None:
    floats = match_luminance(stimuli.images.astype(float))
    assert np.ptp(floats.mean(axis=(1, 2))) < 1e-9
    assert np.ptp(floats.std(axis=(1, 2))) < 1e-9
    assert floats.mean() == pytest.approx(stimuli.images.mean())
    _, report = match(stimuli, ["luminance"], rescale=True)
    assert np.ptp(report.table["mean_after"]) < 0.1
    assert np.ptp(report.table["sd_after"]) < 0.1
    assert np.ptp(report.table["mean_before"]) > 20


def test_amplitude_spectra_are_equal_before_rounding(stimuli: StimulusSet) -> None:
    images = stimuli.images.astype(float)
    amplitudes = np.abs(np.fft.fft2(match_spectrum(images)))
    mean = np.abs(np.fft.fft2(images)).mean(axis=0)
    assert np.abs(amplitudes / mean - 1).max() < 1e-6
    spectra = np.fft.fft2(images)
    phase = np.angle(np.fft.fft2(match_spectrum(images)) * np.conj(spectra))
    assert np.abs(phase[np.abs(spectra) > 1e-3]).max() < 1e-6


def test_rotational_averages_are_equal_and_orientations_kept(stimuli: StimulusSet) -> None:
    images = stimuli.images.astype(float)
    radius = radius_index(*images.shape[1:])
    before, after = np.abs(np.fft.fft2(images)), np.abs(np.fft.fft2(match_rotational(images)))
    profiles = np.array([radial_mean(one, radius) for one in after])
    wanted = np.mean([radial_mean(one, radius) for one in before], axis=0)
    energy = np.array([radial_mean(one, radius) for one in before]) > 1e-6
    assert energy.mean() > 0.98  # the moon, an enlarged photograph, has none in the far corners
    assert np.abs(profiles / wanted - 1)[energy].max() < 1e-6
    ring = radius == 12
    shares = [one[0][ring] / one[0][ring].sum() for one in (before, after)]
    assert np.abs(shares[0] - shares[1]).max() < 1e-12


def test_rounds_of_spectrum_and_histogram_bring_both_together(stimuli: StimulusSet) -> None:
    """Willenbockel et al. 2010: joint matching converges over iterations."""
    distances = []
    for rounds in (1, 5, 20):
        _, report = match(stimuli, ["spectrum", "histogram"], iterations=rounds)
        assert max(report.table["histogram_after"]) < 1e-12
        distances.append(np.mean(report.table["spectrum_after"]))
    assert distances[2] < distances[1] < distances[0] < np.mean(report.table["spectrum_before"])


def test_only_the_figure_is_touched() -> None:
    images = np.full((2, 40, 40), 128, np.uint8)
    rng = np.random.default_rng(0)
    images[0, 10:30, 10:30] = rng.integers(20, 120, (20, 20))
    images[1, 5:35, 15:25] = rng.integers(140, 250, (30, 10))
    masks = figure_masks(images)
    assert masks.sum(axis=(1, 2)).tolist() == [400, 300]
    one = StimulusSet(name="x", images=images, table={"name": ["a", "b"]})
    made, _ = match(one, ["luminance"], region="figure")
    assert (made.images[~masks] == 128).all()
    means = [made.images[i][masks[i]].mean() for i in range(2)]
    assert means[0] == pytest.approx(means[1], abs=0.6)
    assert "figure only" in made.history[-1]


def test_clipping_is_told_and_rescaling_avoids_it(stimuli: StimulusSet) -> None:
    _, report = match(stimuli, ["spectrum"])
    assert max(report.table["clipped"]) > 0
    _, report = match(stimuli, ["spectrum"], rescale=True)
    assert report.table["clipped"] == [0.0] * 4
    assert 0 < min(report.table["ssim"]) < max(report.table["ssim"]) < 1
    assert report.lines()[0][0] == "SD of mean luminance"


def test_similarity_is_that_of_scikit_image(stimuli: StimulusSet) -> None:
    from skimage.metrics import structural_similarity

    one, two = stimuli.images[0].astype(float), stimuli.images[2].astype(float)
    expected = structural_similarity(
        one, two, data_range=255, gaussian_weights=True, use_sample_covariance=False, full=True
    )[1].mean()
    assert similarity(one, two) == pytest.approx(expected, abs=2e-3)
    assert similarity(one, one) == pytest.approx(1.0)


def test_counts_keep_proportions_and_sum() -> None:
    assert whole_counts(np.array([1.0, 1.0, 1.0]), 10).tolist() == [4, 3, 3]


@pytest.mark.parametrize(
    ("steps", "values", "words"),
    [
        (["spectrum"], {"region": "figure"}, "without a mask"),
        (["colour"], {}, "Choose what to match"),
        ([], {}, "Choose what to match"),
    ],
)
def test_what_cannot_be_matched_is_refused(
    stimuli: StimulusSet, steps: list, values: dict, words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        match(stimuli, steps, **values)
