"""The stage's OpenGL window: what it draws is what was uploaded, and late flips are late."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from backend.stage.display import FIXATION, PATCH, Layer
from widgets.stage_display import StageDisplay, gamma_table

SIZE = (320, 240)
BACKGROUND = 90


def noise(shape: tuple[int, ...], seed: int = 1) -> np.ndarray:
    return np.random.Generator(np.random.Philox(seed)).integers(0, 256, shape, np.uint8)


@pytest.fixture
def display(qapp: QApplication) -> Iterator[StageDisplay]:
    made = StageDisplay(windowed=SIZE)
    made.background(BACKGROUND)
    yield made
    made.close()


def whole(name: str, image: np.ndarray, **more: float) -> Layer:
    return Layer(name, 0, 0, float(image.shape[1]), float(image.shape[0]), **more)  # type: ignore[arg-type]


def middle(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """The central (height, width) px."""
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width].astype(int)


def shown(display: StageDisplay, *layers: Layer) -> np.ndarray:
    display.show(layers)
    return display.grab()


@pytest.mark.parametrize("shape", [(64, 48, 3), (50, 30, 3), (64, 48), (30, 26)])
def test_a_picture_at_its_own_size_is_shown_pixel_by_pixel(
    display: StageDisplay, shape: tuple[int, ...]
) -> None:
    image = noise(shape)
    display.upload("picture", image)
    seen = shown(display, whole("picture", image))
    colour = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    assert np.abs(middle(seen, *shape[:2]) - colour).max() <= 1
    assert seen[0, 0].tolist() == [BACKGROUND] * 3


def test_places_are_right_and_up_from_the_middle(display: StageDisplay) -> None:
    image = np.full((20, 20), 255, np.uint8)
    display.upload("square", image)
    seen = shown(display, Layer("square", 50, 30, 20, 20))[..., 0]
    rows, columns = np.nonzero(seen == 255)
    assert (rows.mean(), columns.mean()) == pytest.approx((240 / 2 - 30 - 0.5, 320 / 2 + 50 - 0.5))
    assert len(rows) == 400


def test_a_quarter_turn_is_counter_clockwise(display: StageDisplay) -> None:
    image = noise((40, 40, 3))
    display.upload("picture", image)
    seen = middle(shown(display, whole("picture", image, rotation=90.0)), 40, 40)
    assert np.abs(seen - np.rot90(image)).max() <= 1


def test_opacity_mixes_with_what_lies_below(display: StageDisplay) -> None:
    image = noise((40, 40, 3))
    display.upload("picture", image)
    seen = middle(shown(display, whole("picture", image, opacity=0.25)), 40, 40)
    assert np.abs(seen - (0.25 * image + 0.75 * BACKGROUND)).max() <= 1.01


def test_later_layers_cover_earlier_ones(display: StageDisplay) -> None:
    one, other = noise((40, 40, 3)), noise((20, 20, 3), 2)
    display.upload("one", one)
    display.upload("other", other)
    seen = shown(display, whole("one", one), whole("other", other))
    assert np.abs(middle(seen, 20, 20) - other).max() <= 1


def test_a_width_alone_keeps_the_picture_s_proportion(display: StageDisplay) -> None:
    display.upload("wide", np.full((20, 60), 255, np.uint8))
    seen = shown(display, Layer("wide", width=120.0))[..., 0]
    rows, columns = np.nonzero(seen == 255)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (40, 120)


def test_the_cross_is_as_wide_as_asked_and_has_its_level(display: StageDisplay) -> None:
    seen = shown(display, Layer(FIXATION, 0, 0, 40, 40, level=10))[..., 0]
    rows, columns = np.nonzero(seen == 10)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (40, 40)
    assert np.unique(seen).tolist() == [10, BACKGROUND]
    across = (seen[:, 160] == 10).sum(), (seen[120] == 10).sum()
    assert across == (40, 40)
    assert 2 * 40 * 3 < len(rows) < 2 * 40 * 6  # two arms of about an eighth of its width


def test_the_patch_fills_its_corner(display: StageDisplay) -> None:
    seen = shown(display, Layer(PATCH, -160 + 24, -120 + 24, 48, 48, level=255))[..., 0]
    assert (seen[-48:, :48] == 255).all()
    assert (seen == 255).sum() == 48 * 48


def test_gray_levels_go_through_the_monitor_s_table(qapp: QApplication) -> None:
    display = StageDisplay(windowed=SIZE, gamma=2.2)
    try:
        table = gamma_table(2.2).astype(int)
        image = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
        display.background(64)
        display.upload("ramp", image)
        seen = shown(display, whole("ramp", image), Layer(PATCH, 0, 80, 10, 10, level=32))
        assert np.abs(middle(seen, 4, 256)[..., 0] - table).max() <= 1
        assert seen[0, 0, 0] == table[64]
        assert seen[120 - 80, 160, 0] == table[32]
        # A screen of gamma 2.2 then has luminance in proportion to the level.
        assert np.abs((table / 255) ** 2.2 - np.arange(256) / 255)[8:].max() < 0.01
    finally:
        display.close()


def test_textures_are_counted_and_freed(display: StageDisplay) -> None:
    display.upload("colour", noise((10, 20, 3)))
    display.upload("grey", noise((10, 20)))
    assert display.texture_bytes == 600 + 200
    display.upload("grey", noise((5, 4)))
    assert display.texture_bytes == 600 + 20
    display.free(["colour", "grey", "never there"])
    assert display.texture_bytes == 0
    with pytest.raises(KeyError):
        display.show([Layer("colour")])


@pytest.mark.parametrize("image", [np.zeros((4, 4)), np.zeros((4, 0), np.uint8)])
def test_what_no_texture_can_hold_is_refused(display: StageDisplay, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        display.upload("picture", image)


def test_a_screen_without_sync_is_paced_by_the_clock(display: StageDisplay) -> None:
    measured = display.measure(60)
    assert display.paced == "software"  # no virtual display waits for a blank
    period = 1.0 / (display.screen.refreshRate() or 60.0)
    assert measured.hz == pytest.approx(1.0 / period)
    # Late stamps may come in pairs, but flips can only lie on the clock's grid or after it.
    assert np.median(measured.intervals) == pytest.approx(period, rel=0.1)


def test_an_injected_late_flip_takes_its_extra_frames(qapp: QApplication) -> None:
    late = {100: 1, 105: 3}
    display = StageDisplay(windowed=SIZE, late=late)
    try:
        display.measure(40)
        stamps = [display.flip() for _ in range(40)]
        first = display.flips - 40
        frames = np.diff(stamps) / display.period
        for flip, extra in late.items():
            assert frames[flip - first - 1] >= extra + 1 - 0.2
    finally:
        display.close()


def test_closing_the_window_is_a_wish_not_an_end(display: StageDisplay) -> None:
    assert not display.wants_close
    display.window.close()
    assert display.wants_close
    assert display.flip() > 0.0
