"""Figures of paper 02, and pictures from files of any kind."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from backend.analysis.volleys import topology_of
from backend.stimuli.pictures import EXAMPLES, PictureProblem, darkness_of, read_picture
from backend.stimuli.topology import (
    BACKGROUND,
    FIGURE,
    HOLE,
    KINDS,
    Sizes,
    figure_from_darkness,
    label_regions,
    make_figure,
)

EXPECTED = {
    "disk": (1, 0), "ring": (1, 1), "two holes": (1, 2), "solid square": (1, 0),
    "hollow square": (1, 1), "triangle": (1, 0), "hollow triangle": (1, 1), "cross": (1, 0),
    "closed segments": (1, 1), "open segments": (2, 0), "dotted outline": (20, 0),
    "connected pair": (1, 0), "disconnected pair": (2, 0), "uniform gray": (0, 0),
    "uniform black": (1, 0),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_has_its_topology(kind: str) -> None:
    figure = make_figure(kind)
    found = topology_of(figure.mask)
    assert (found.parts, found.holes) == EXPECTED[kind]
    assert figure.labels.shape == figure.darkness.shape == (80, 80)


@pytest.mark.parametrize("kind", KINDS)
@given(height=st.integers(8, 40), width=st.integers(8, 40))
@settings(max_examples=10, deadline=None)
def test_any_sheet_holds_any_figure(kind: str, height: int, width: int) -> None:
    figure = make_figure(kind, height, width)
    assert figure.labels.shape == (height, width)
    assert np.isin(figure.darkness, (0, 1)).all()
    assert ((figure.labels == FIGURE) == figure.mask).all()


def test_inside_means_strictly_nearer_than_the_radius() -> None:
    labels = make_figure("disk", 9, 9, Sizes(radius=3)).labels
    assert labels[4, 4 + 2] == FIGURE
    assert labels[4, 4 + 3] == BACKGROUND


def test_a_breach_is_cut_at_twelve_o_clock_and_opens_the_hole() -> None:
    closed = make_figure("ring")
    for angle in (10.0, 60.0, 180.0):
        open_ring = make_figure("ring", sizes=Sizes(breach=angle))
        assert topology_of(open_ring.mask).holes == 0
        assert open_ring.mask.sum() < closed.mask.sum()
        assert not open_ring.mask[20, 39:41].any()
        assert open_ring.mask[60, 39:41].all()
        assert (open_ring.labels == HOLE).sum() == 316
    assert make_figure("ring", sizes=Sizes(breach=360.0)).mask.sum() == 0


def test_a_gap_opens_the_line_figure() -> None:
    gap = make_figure("closed segments", sizes=Sizes(gap=4))
    assert make_figure("closed segments").mask.sum() - gap.mask.sum() == 4 * 4
    assert topology_of(gap.mask).holes == 0


def test_smooth_borders_ramp_linearly_and_keep_the_topology() -> None:
    figure = make_figure("ring", sizes=Sizes(edge=4))
    assert topology_of(figure.mask).holes == 1
    row = figure.darkness[40, 40:]
    assert ((row > 0) & (row < 1)).sum() >= 6
    drive = figure.drive(20.0, 12.0)
    assert drive.min() == 12.0
    assert drive.max() == 20.0


def test_unknown_figures_are_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="ring"):
        make_figure("moebius")


def test_holes_are_numbered_in_reading_order_and_capped() -> None:
    figure = np.ones((60, 60), bool)
    figure[0] = figure[-1] = figure[:, 0] = figure[:, -1] = False
    figure[2:-2:2, 2:-2:2] = False
    labels = label_regions(figure)
    assert labels[2, 2] == HOLE
    assert labels[2, 4] == HOLE + 1
    assert labels.max() == 126
    assert labels[0, 0] == BACKGROUND


@given(arrays(np.float32, (20, 30), elements=st.floats(0, 1, width=32)))
@settings(max_examples=30, deadline=None)
def test_any_darkness_map_is_a_figure(darkness: np.ndarray) -> None:
    figure = figure_from_darkness(darkness)
    found = topology_of(figure.mask)
    assert figure.labels.max() <= FIGURE + max(found.holes, 0) or found.holes > 125
    assert ((figure.labels == FIGURE) == (darkness > 0.5)).all()


# ---- pictures -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_bundled_pictures_load_by_name(name: str) -> None:
    darkness = darkness_of(read_picture(name), 80, 80)
    assert darkness.shape == (80, 80)
    assert 0 <= darkness.min() < darkness.max() <= 1


def test_resizing_keeps_the_mean_and_the_proportions() -> None:
    rng = np.random.default_rng(0)
    picture = rng.random((123, 123)).astype(np.float32)
    assert darkness_of(picture, 80, 80).mean() == pytest.approx(1 - picture.mean(), abs=1e-4)
    wide = np.ones((50, 200), np.float32)
    wide[:, 50:150] = 0
    sheet = darkness_of(wide, 80, 80)
    assert (sheet[30:50, 20:60] == 1).all()
    assert (sheet[:30] == 0).all()


@pytest.mark.parametrize("ending", ["png", "bmp", "jpg", "tif", "gif"])
def test_image_files_with_any_name_are_read(tmp_path: Path, ending: str) -> None:
    levels = np.zeros((64, 64), np.uint8)
    levels[16:48, 16:48] = 255
    path = tmp_path / f"Ringe für Ärzte 环 ∅.{ending}"
    Image.fromarray(levels).save(path)
    luminance = read_picture(path)
    assert luminance.shape == (64, 64)
    assert luminance[32, 32] == pytest.approx(1, abs=0.05)
    assert luminance[0, 0] == pytest.approx(0, abs=0.05)


def test_colour_becomes_luminance_and_transparency_white(tmp_path: Path) -> None:
    picture = np.zeros((10, 10, 4), np.uint8)
    picture[:, :5] = (0, 255, 0, 255)
    Image.fromarray(picture).save(tmp_path / "a.png")
    luminance = read_picture(tmp_path / "a.png")
    assert luminance[0, 0] == pytest.approx(0.587, abs=0.01)
    assert luminance[0, 9] == 1.0


def test_sixteen_bit_pictures_keep_their_range(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 65535]], np.uint16)).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png").ravel().tolist() == pytest.approx([0, 1], abs=1e-4)


def _refused(path: Path) -> str:
    with pytest.raises(PictureProblem) as problem:
        read_picture(path)
    words = str(problem.value)
    assert path.name in words
    assert len(words.split()) <= 40
    assert str(path.parent) not in words
    return words


def test_bad_arrays_are_refused_with_their_shape(tmp_path: Path) -> None:
    bad = {
        "cube": (np.zeros((4, 5, 6)), "4 × 5 × 6"),
        "line": (np.zeros(7), "shape is 7"),
        "big": (np.zeros((2, 1025), np.uint8), "2 × 1025"),
        "empty": (np.zeros((0, 5)), "0 × 5"),
        "nan": (np.array([[0.0, np.nan], [np.inf, 1.0]]), "row 0, column 1"),
        "words": (np.array([["a", "b"]]), "numbers"),
        "complex": (np.zeros((2, 2), complex), "numbers"),
    }
    for name, (values, words) in bad.items():
        np.save(tmp_path / f"{name}.npy", values)
        assert words in _refused(tmp_path / f"{name}.npy")
    np.save(tmp_path / "pickle.npy", np.array([[{}]], object), allow_pickle=True)
    _refused(tmp_path / "pickle.npy")


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in _refused(tmp_path / "nowhere.png")
    (tmp_path / "letter.png").write_text("Dear sheet")
    assert "not a whole picture" in _refused(tmp_path / "letter.png")
    (tmp_path / "folder.npy").mkdir()
    _refused(tmp_path / "folder.npy")
    Image.new("L", (1500, 20)).save(tmp_path / "long.png")
    assert "20 × 1500" in _refused(tmp_path / "long.png")


def _read_or_words(path: Path, words: str) -> np.ndarray | None:
    """Luminance, or None when the file was refused with these words; anything else fails."""
    try:
        return read_picture(path)
    except PictureProblem as problem:
        refused = str(problem)
    assert words in refused
    return None


def test_files_without_permission_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    for ending, target in (("npy", "numpy.load"), ("png", "PIL.Image.open")):
        path = tmp_path / f"locked.{ending}"
        path.write_bytes(_bytes_of(ending))
        monkeypatch.setattr(target, forbidden)
        assert "permissions" in _refused(path)


def _bytes_of(ending: str) -> bytes:
    out = io.BytesIO()
    levels = np.arange(400, dtype=np.uint8).reshape(20, 20)
    if ending == "npy":
        np.save(out, levels)
    else:
        Image.fromarray(levels).save(out, "PNG" if ending == "png" else "BMP")
    return out.getvalue()


@pytest.mark.parametrize("ending", ["png", "bmp", "npy"])
@given(data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damaged_files_are_refused_or_read_but_never_crash(
    tmp_path: Path, ending: str, data: st.DataObject
) -> None:
    content = bytearray(_bytes_of(ending))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path / f"damaged.{ending}"
    path.write_bytes(bytes(content[:cut]))
    luminance = _read_or_words(path, path.name)
    if luminance is None:
        return
    assert luminance.ndim == 2
    assert np.isfinite(luminance).all()
    darkness = darkness_of(luminance, 16, 24)
    assert darkness.shape == (16, 24)
    assert darkness.min() >= 0
    assert darkness.max() <= 1


@given(
    arrays(
        st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_]),
        st.tuples(st.integers(1, 12), st.integers(1, 12)),
    )
)
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_2d_array_is_read_or_refused_in_words(tmp_path: Path, values: np.ndarray) -> None:
    path = tmp_path / "any.npy"
    np.save(path, values)
    luminance = _read_or_words(path, "not finite")
    if luminance is None:
        return
    assert luminance.dtype == np.float32
    assert 0 <= luminance.min() <= luminance.max() <= 1
