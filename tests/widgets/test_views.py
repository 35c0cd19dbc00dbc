"""Views of live data: what they show, copy, say, and when they rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu, QTabWidget, QWidget
from pytestqt.qtbot import QtBot

from backend.core.channels import Latest, Ring
from backend.core.views import Axis, Marker, Series, View, column, row
from widgets import theme
from widgets.ticks import Scale, tick_text
from widgets.views import KINDS, make_view
from widgets.views.drawing import thin
from widgets.views.frame import ViewWidget, tsv
from widgets.views.grid import ViewGrid
from widgets.views.raster import RasterImage

TIME = Axis("time", "ms")
Show = Callable[..., ViewWidget]


@pytest.fixture
def show(qtbot: QtBot, qapp: QApplication) -> Iterator[Show]:
    theme.apply(qapp, "light")
    shown = []

    def make(view: View, width: int = 420, height: int = 260) -> ViewWidget:
        made = make_view(view)
        qtbot.addWidget(made)
        made.resize(width, height)
        made.show()
        qtbot.waitExposed(made)
        shown.append(made)
        return made

    yield make
    for made in shown:
        made.close()


def latest(**data: Any) -> Latest:
    channel = Latest()
    channel.publish(**data)
    return channel


def image_of(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def count_pixels(image: QImage, colour: QColor, near: int = 12) -> int:
    width, height = image.width(), image.height()
    pixels = np.frombuffer(
        image.convertToFormat(QImage.Format.Format_RGB32).constBits(), np.uint8
    ).reshape(height, width, 4)
    wanted = np.array([colour.blue(), colour.green(), colour.red()])
    return int((np.abs(pixels[..., :3].astype(int) - wanted).max(axis=2) <= near).sum())


EXAMPLES: dict[str, tuple[View, Any]] = {
    "image": (View("v", "V", "image", "c", unit="Hz"), {"image": np.eye(8)}),
    "editor": (View("v", "V", "editor", "c"), {"image": np.eye(8)}),
    "matrix": (View("v", "V", "matrix", "c"), {"image": np.eye(3), "x_labels": ["a", "b", "c"]}),
    "histogram": (
        View("v", "V", "histogram", "c", series=(Series("n", "E", "E", "bars"),)),
        {"edges": np.arange(5.0), "n": np.array([1, 4, 2, 0])},
    ),
    "bars": (View("v", "V", "bars", "c"), {"labels": ["a", "b"], "values": [1.0, -2.0]}),
    "psychometric": (
        View("v", "V", "psychometric", "c"),
        {"x": [0, 1, 2], "y": [0.1, 0.5, 0.9], "low": [0, 0.3, 0.8], "high": [0.2, 0.7, 1.0],
         "fit_x": [0, 2], "fit_y": [0.1, 0.9], "threshold": 1.0},
    ),
    "scatter": (
        View("v", "V", "scatter", "c", series=(Series("p", "data"),)),
        {"x": [1.0, 2.0], "p": [2.0, 3.0]},
    ),
    "checks": (View("v", "V", "checks", "c"), {"rows": [("<i>f</i> &gt; 1", True, "3")]}),
    "band": (
        View("v", "V", "band", "c", x=Axis("radius", "px")),
        {"x": [0, 1, 2], "labels": ["low", "high"], "here": 1.5},
    ),
    "counters": (
        View("v", "V", "counters", "c"),
        {"lead": 3, "caption": "volleys", "rows": [("True holes", "Euler", "1")]},
    ),
    "traces": (
        View("v", "V", "traces", "c", x=TIME, series=(Series("E", "E", "E"),)),
        {"x": np.arange(50.0), "E": np.arange(50.0)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXAMPLES)
def test_each_kind_goes_from_empty_to_drawn_and_back(show: Show, kind: str) -> None:
    declared, data = EXAMPLES[kind]
    view = show(declared)
    empty = Latest()
    assert view.pull(empty)
    assert not view.shows_data
    channel = latest(**data)
    assert view.pull(channel)
    assert not view.pull(channel)
    assert view.shows_data
    assert view.data()
    assert view.summary()
    view.announce()
    assert view.accessibleDescription() == view.summary()
    view.copy_data()
    assert "\t" in QApplication.clipboard().text()
    view.copy_picture()
    assert not QApplication.clipboard().pixmap().isNull()
    view.clear()
    assert not view.shows_data


def test_every_declared_kind_has_a_widget() -> None:
    from typing import get_args

    from backend.core.views import ViewKind

    assert set(KINDS) == set(get_args(ViewKind))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_theme_change_recolours_what_is_drawn(show: Show, qapp: QApplication, kind: str) -> None:
    view = show(*EXAMPLES[kind][:1])
    view.pull(latest(**EXAMPLES[kind][1]))
    before = image_of(view)
    theme.apply(qapp, "dark")
    after = image_of(view)
    theme.apply(qapp, "light")
    assert before != after


def test_hidden_view_pulls_nothing(show: Show) -> None:
    view = show(EXAMPLES["image"][0])
    view.hide()
    assert not view.pull(latest(image=np.eye(3)))
    view.show()
    assert view.pull(latest(image=np.eye(3)))


def test_running_view_rests_in_proportion_to_its_cost(show: Show) -> None:
    view = show(EXAMPLES["traces"][0])
    channel = latest(x=np.arange(9.0), E=np.arange(9.0))
    view.set_running(True)
    view.pull(channel)
    view._rest = 60.0
    channel.publish(x=np.arange(5.0), E=np.arange(5.0))
    assert not view.pull(channel)
    view.set_running(False)
    assert view.pull(channel)


def raster_view(span: float | None = 100.0) -> View:
    return View(
        "r", "Raster", "raster", "c", x=TIME, span=span,
        series=(Series("E", "E", "E"), Series("I", "I", "I")),
    )  # fmt: skip


def test_raster_shows_each_spike_in_its_groups_colour(show: Show) -> None:
    view = show(raster_view())
    ring = Ring(("time", "row", "group"), 1000)
    ring.publish(np.arange(0, 100, 5.0), np.arange(20) % 10, np.arange(20) % 10 > 6)
    view.pull(ring)
    picture = image_of(view.canvas)
    assert count_pixels(picture, theme.colour("E")) > 20
    assert count_pixels(picture, theme.colour("I")) > 5
    assert view.summary() == "20 spikes in 2 groups"
    assert view.data()["group"][-1] == "I"


def test_raster_scrolls_and_forgets_what_left(show: Show) -> None:
    view = show(raster_view())
    ring = Ring(("time", "row", "group"), 1000)
    ring.publish([0.0, 50.0], [0.0, 9.0], [0, 1])
    view.pull(ring)
    image_of(view.canvas)
    for t in range(60, 400, 10):
        ring.publish(float(t), 5.0, 0)
        view.pull(ring)
        image_of(view.canvas)
    assert view.canvas.x_scale.high == pytest.approx(390, abs=1.0)
    drawn = np.count_nonzero(view._image.pixels == theme.colour("E").rgb())
    tick = view._image._tick * view._image._wide
    assert 9 * tick <= drawn <= 11 * tick
    assert not np.any(view._image.pixels == theme.colour("I").rgb())


def test_raster_picture_is_the_same_scrolled_or_drawn_at_once() -> None:
    rng = np.random.default_rng(1)
    times, rows = np.sort(rng.uniform(0, 300, 500)), rng.integers(0, 20, 500).astype(float)
    groups = np.zeros(500)
    inks = np.array([0xFF00FF00], np.uint32)
    one, other = RasterImage(), RasterImage()
    one.reset((100, 40), (0.0, 100.0), (0.0, 20.0), inks, 0)
    for begin in range(0, 500, 20):
        part = slice(begin, begin + 20)
        while not one.scroll(float(times[part][-1])):
            one.reset((100, 40), (one.left + 50, one.right + 50), (0.0, 20.0), inks, 0)
        one.add(times[part], rows[part], groups[part])
    other.reset((100, 40), (one.left, one.right), (0.0, 20.0), inks, 0)
    other.add(times, rows, groups)
    unrolled = np.roll(one.pixels, -one._offset, axis=1)
    assert np.mean(unrolled != other.pixels) < 0.01


def test_finite_raster_starts_again_when_its_ring_is_cleared(show: Show) -> None:
    view = show(raster_view(span=None))
    ring = Ring(("time", "row", "group"), 1000)
    ring.publish([0.0, 5.0, 8.0], [0.0, 9.0, 4.0], [0, 0, 1])
    view.pull(ring)
    ring.clear()
    ring.publish([1.0], [2.0], [0])
    view.pull(ring)
    assert view.summary() == "1 spikes in 1 groups"


def trace_view(**more: Any) -> View:
    series = (Series("E", "E", "E"), Series("th", "mean field", "theory"))
    return View("t", "Rate", "traces", "c", x=TIME, y=Axis("rate", "Hz"), series=series, **more)


def test_rolling_trace_shows_the_newest_span(show: Show) -> None:
    view = show(trace_view(span=100.0))
    ring = Ring(("time", "E", "th"), 10_000)
    for begin in range(0, 1000, 100):
        t = np.arange(begin, begin + 100.0)
        ring.publish(t, t, t)
        view.pull(ring)
    assert (view.canvas.x_scale.low, view.canvas.x_scale.high) == (899.0, 999.0)
    times = next(iter(view.data().values()))
    assert times[-1] == 999.0
    assert len(times) < 210


def test_axes_only_grow_while_running_and_snap_on_pause(show: Show) -> None:
    view = show(trace_view())
    view.set_running(True)
    channel = latest(x=np.arange(10.0), E=np.full(10, 95.0), th=np.zeros(10))
    view.pull(channel)
    wide = view.canvas.y_scale.high
    view._rest = 0.0
    channel.publish(x=np.arange(10.0), E=np.full(10, 5.0), th=np.zeros(10))
    view.pull(channel)
    assert view.canvas.y_scale.high == wide
    view.set_running(False)
    assert view.canvas.y_scale.high < 10


def test_theory_is_drawn_and_can_be_hidden(show: Show) -> None:
    view = show(trace_view())
    view.pull(latest(x=np.arange(10.0), E=np.zeros(10), th=np.full(10, 50.0)))
    with_theory = image_of(view.canvas)
    view.toggle_theory()
    assert image_of(view.canvas) != with_theory
    assert view.canvas.y_scale.high < 10


def test_lock_log_and_fit(show: Show) -> None:
    view = show(trace_view())
    channel = latest(x=np.arange(1.0, 11.0), E=np.full(10, 100.0), th=np.full(10, 0.1))
    view.pull(channel)
    view.toggle_log()
    assert view.canvas.y_scale.low < -1
    view.toggle_lock()
    channel.publish(x=np.arange(1.0, 11.0), E=np.full(10, 1e6), th=np.full(10, 0.1))
    view.pull(channel)
    assert view.canvas.y_scale.high < 3
    view.toggle_lock()
    assert view.canvas.y_scale.high > 5.9


def test_wheel_zooms_and_double_click_fits(qtbot: QtBot, show: Show) -> None:
    view = show(trace_view())
    view.pull(latest(x=np.arange(100.0), E=np.arange(100.0), th=np.zeros(100)))
    image_of(view.canvas)
    canvas = view.canvas
    before = canvas.x_scale.high - canvas.x_scale.low
    middle = canvas.box.center()
    QApplication.sendEvent(
        canvas,
        QWheelEvent(
            middle, middle, QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip
    assert canvas.x_scale.high - canvas.x_scale.low < before
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    assert canvas.x_scale.high - canvas.x_scale.low == pytest.approx(before)


def test_wheel_over_the_result_column_scrolls_the_column(qtbot: QtBot, show: Show) -> None:
    view = show(trace_view(place="result"))
    view.pull(latest(x=np.arange(100.0), E=np.arange(100.0), th=np.zeros(100)))
    image_of(view.canvas)
    middle = view.canvas.box.center()
    QApplication.sendEvent(
        view.canvas,
        QWheelEvent(
            middle, middle, QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        ),
    )  # fmt: skip
    assert not view.canvas.zoomed


def test_left_drag_zooms_a_box(qtbot: QtBot, show: Show) -> None:
    view = show(trace_view())
    view.pull(latest(x=np.arange(100.0), E=np.arange(100.0), th=np.zeros(100)))
    canvas = view.canvas
    image_of(canvas)
    start, stop = canvas.box.topLeft().toPoint(), canvas.box.center().toPoint()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(2, 2))
    qtbot.mouseMove(canvas, stop)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=stop)
    assert canvas.zoomed
    assert canvas.x_scale.high == pytest.approx(49.5, abs=2)


def test_hover_reads_the_values_at_the_line(show: Show) -> None:
    view = show(trace_view())
    view.pull(latest(x=np.arange(100.0), E=np.arange(100.0), th=np.full(100, 7.0)))
    assert view._read_out(42.2) == "42.2 ms: E 42, mean field 7"


def test_a_line_that_is_not_there_has_no_name(show: Show) -> None:
    view = show(trace_view())
    channel = latest(x=np.arange(9.0), E=np.arange(9.0), th=np.full(9, np.nan))
    view.pull(channel)
    assert [key.label for key in view.canvas.keys] == ["E"]
    assert view._read_out(4.0) == "4 ms: E 4"
    channel.publish(x=np.arange(9.0), E=np.arange(9.0), th=np.ones(9))
    view.pull(channel)
    assert [key.label for key in view.canvas.keys] == ["E", "mean field"]
    view.toggle_theory()
    assert [key.label for key in view.canvas.keys] == ["E"]


def test_menu_offers_what_a_plot_can_do(show: Show) -> None:
    view = show(trace_view())
    view.pull(latest(x=np.arange(3.0), E=np.arange(3.0), th=np.zeros(3)))
    menu = QMenu()
    plain = ["Fit", "Lock axes", "Log y", "Show theory", "Copy picture", "Copy data"]
    assert [one.text() for one in view.menu_actions(menu) if one.text()] == plain
    asked = []
    view.export_asked.connect(asked.append)
    view.window_asked.connect(asked.append)
    words = [one.text() for one in view.menu_actions(menu) if one.text()]
    assert words == [*plain, "Export…", "Open in own window"]
    next(a for a in view.menu_actions(menu) if a.text() == "Export…").trigger()
    assert asked == ["t"]
    menu.deleteLater()


def test_long_lines_are_thinned_without_losing_a_peak() -> None:
    x = np.arange(50_000.0)
    y = np.zeros(50_000)
    y[31_234] = 9.0
    xs, ys = thin(x, y, 400)
    assert len(xs) <= 900
    assert ys.max() == 9.0


def test_gaps_in_lines_do_not_break_the_drawing(show: Show) -> None:
    view = show(trace_view())
    y = np.arange(20.0)
    y[5:8] = np.nan
    view.pull(latest(x=np.arange(20.0), E=y, th=y, bands={"E": (y - 1, y + 1)}))
    assert count_pixels(image_of(view.canvas), theme.colour("E")) > 10


def test_image_is_square_reads_out_and_marks(qtbot: QtBot, show: Show) -> None:
    view = show(View("i", "E", "image", "c", unit="Hz", limits=(0, 10), drag=("x", "y")))
    pixels = np.zeros((8, 8))
    pixels[2, 5] = 10.0
    view.pull(latest(image=pixels, markers=[Marker("ring", 5, 2, 1), Marker("cross", 1, 1)]))
    canvas = view.canvas
    image_of(canvas)
    assert canvas.box.width() == canvas.box.height()
    at = canvas.to_pixel(5, 2)
    assert canvas.cell_at(at) == (2, 5)
    qtbot.mouseMove(canvas, at.toPoint())
    qtbot.waitUntil(lambda: canvas.read_out == "row 2, column 5: 10 Hz")
    moved, picked = [], []
    view.dragged.connect(lambda x, y: moved.append((x, y)))
    view.picked.connect(picked.append)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert moved[0] == pytest.approx((5, 2), abs=0.1)
    assert picked == [(2, 5)]


def test_image_with_extent_and_lower_origin_gives_data_coordinates(show: Show) -> None:
    view = show(
        View("i", "E", "image", "c", extent=(0.0, 0.0, 2.0, 1.0), origin="lower", x=Axis("x"))
    )
    view.pull(latest(image=np.arange(8.0).reshape(2, 4)))
    canvas = view.canvas
    image_of(canvas)
    assert canvas.box.width() == pytest.approx(2 * canvas.box.height(), abs=2)
    assert canvas.cell_at(canvas.box.bottomLeft() + QPointF(2, -2)) == (0, 0)
    assert canvas.to_data(canvas.box.center()) == pytest.approx((1.0, 0.5))


def test_missing_values_are_hatched_and_counted(show: Show) -> None:
    view = show(View("i", "E", "image", "c", note="E"))
    pixels = np.ones((4, 4))
    pixels[0, :2] = np.nan
    view.pull(latest(image=pixels))
    assert view.header.note.text() == "E, 2 missing"
    assert not image_of(view.canvas).isNull()


def test_signed_maps_are_symmetric_about_zero(show: Show) -> None:
    view = show(View("i", "W", "image", "c", colour_map="CET-D1A"))
    view.pull(latest(image=np.array([[-3.0, 1.0], [0.0, 2.0]])))
    low, high = view.canvas.limits
    assert low == -high


def test_a_matrix_names_columns_by_their_place_on_a_measured_axis(show: Show) -> None:
    view = show(View("m", "Share", "matrix", "m", origin="lower", square=False, unit="share"))
    data = {"image": np.eye(2, 4), "y_labels": ["relu1", "relu2"], "x_title": "kurtosis"}
    view.pull(latest(**data, extent=(0.0, -0.5, 2.0, 1.5)))
    assert view.canvas.axes[0].title == "kurtosis"
    assert view.cell_text(1, 1) == "relu2, 0.75: 1 share"
    assert list(view.data()) == ["", "0.25", "0.75", "1.25", "1.75"]
    image_of(view.canvas)
    assert [text for _, text in view.canvas._ticks(1)] == ["relu1", "relu2"]


def test_an_emptied_view_forgets_what_it_said(show: Show) -> None:
    view = show(View("i", "Optimal stimulus", "image", "c", note=""))
    channel = latest(image=np.ones((4, 4)), note="relu3 channel 7")
    view.pull(channel)
    assert view.header.note.text() == "relu3 channel 7"
    channel.publish()
    view.pull(channel)
    assert view.header.note.text() == ""


def test_true_colour_image_has_no_colour_bar(show: Show) -> None:
    view = show(View("i", "Photo", "image", "c"))
    view.pull(latest(image=np.full((5, 5, 3), 200, np.uint8)))
    assert not view.canvas.scalar
    assert view.canvas.image.shape == (5, 5, 3)
    assert set(view.data()) == {"row", "column", "red", "green", "blue"}


def test_matrix_of_categories_names_what_is_clicked(qtbot: QtBot, show: Show) -> None:
    view = show(View("m", "Map", "matrix", "c", x=Axis("J"), y=Axis("γ", "mV")))
    view.pull(
        latest(
            image=np.array([[0.0, 1.0], [2.0, np.nan]]), x_labels=["1", "2"],
            y_labels=["0.1", "0.2"], categories=["silent", "two", "three"],
        )
    )  # fmt: skip
    assert view.cell_text(1, 0) == "0.2, 1: three"
    assert view.cell_text(1, 1) == "0.2, 2: missing"
    picked = []
    view.picked.connect(picked.append)
    image_of(view.canvas)
    place = view.canvas.to_pixel(1, 0).toPoint()
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert picked == [(0, 1)]
    assert count_pixels(image_of(view.canvas), theme.colour("2")) > 50


def test_bars_are_picked_by_click(qtbot: QtBot, show: Show) -> None:
    view = show(EXAMPLES["bars"][0])
    view.pull(latest(labels=["a", "b"], values=[1.0, 2.0], low=[0.5, 1.5], high=[1.5, 2.5]))
    canvas = view.canvas
    image_of(canvas)
    picked = []
    view.picked.connect(picked.append)
    place = QPoint(int(canvas.px(1.0)), int(canvas.box.center().y()))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert picked == [1]
    assert view.summary() == "a 1, b 2"


def test_band_says_where_the_value_lies(show: Show) -> None:
    view = show(EXAMPLES["band"][0])
    view.pull(latest(**EXAMPLES["band"][1]))
    assert view.summary() == "1.5 px lies in high"


def test_checks_are_read_without_markup(show: Show) -> None:
    view = show(EXAMPLES["checks"][0])
    view.pull(latest(rows=[("<i>f</i><sub>E</sub> &gt; 1", False, "0.8")]))
    assert view.summary() == "1 checks, 1 to look at: fE > 1"


def test_header_says_when_a_result_is_of_other_settings(show: Show) -> None:
    view = show(EXAMPLES["image"][0])
    view.set_stale("from the run of 15:12, other settings")
    assert view.header.chip.isVisible()
    view.set_stale("")
    assert not view.header.chip.isVisible()


def test_tsv_keeps_full_precision() -> None:
    text = tsv({"a": np.array([0.1 + 0.2, 1.0]), "b": ["x\ty", "z"]})
    assert text == "a\tb\n0.30000000000000004\tx y\n1.0\tz\n"


def test_log_axis_has_powers_of_ten() -> None:
    scale = Scale.of(Axis("size", log=True))
    scale.fit(-6.0, 4.0, margin=0.0)
    assert [text for _, text in scale.ticks(3)] == ["10⁻⁴", "1", "10⁴"]
    assert tick_text(-0.5) == "\u22120.5"
    assert tick_text(1e9) == "1·10⁹"


# ---- grid --------------------------------------------------------------------------------


@pytest.fixture
def grid(qtbot: QtBot, qapp: QApplication) -> Iterator[ViewGrid]:
    theme.apply(qapp, "light")
    views = [
        View("a", "A", "traces", "c", x=TIME, series=(Series("E", "E"),)),
        View("b", "B", "traces", "c", x=TIME, series=(Series("E", "E"),)),
        View("d", "D", "bars", "e", priority=3),
    ]
    made = ViewGrid({v.id: make_view(v) for v in views}, column(row("a", "b"), "d", weights=(3, 1)))
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def test_grid_follows_the_declared_weights(grid: ViewGrid) -> None:
    assert grid.views["a"].height() > 2 * grid.views["d"].height()
    sizes = grid.sizes()
    grid._splitters[-1].setSizes([100, 400])
    assert grid.sizes() != sizes
    grid.set_sizes(sizes)
    grid.set_sizes([[1, 2, 3]])
    assert grid.sizes() == sizes
    grid._splitters[-1].setSizes([100, 400])
    grid.restore_sizes()
    assert grid.views["a"].height() > 2 * grid.views["d"].height()


def test_a_view_is_maximised_and_put_back(qtbot: QtBot, grid: ViewGrid) -> None:
    told = []
    grid.maximised.connect(told.append)
    qtbot.mouseClick(grid.views["b"].header.maximise, Qt.MouseButton.LeftButton)
    assert grid.views["b"].width() > 850
    assert not grid.views["a"].isVisible()
    tool = grid.views["b"].header.maximise
    grid.activateWindow()
    tool.setFocus()
    qtbot.waitUntil(tool.hasFocus)
    qtbot.keyClick(tool, Qt.Key.Key_F11)
    assert grid.views["a"].isVisible()
    assert grid.views["b"].width() < 500
    assert told == ["b", ""]


def test_narrow_window_folds_priority_three_into_a_tab(grid: ViewGrid) -> None:
    grid.set_narrow(True)
    tabs = grid.findChild(QTabWidget)
    assert tabs is not None
    assert tabs.tabText(1) == "D"
    assert not grid.views["d"].isVisible()
    tabs.setCurrentIndex(1)
    assert grid.views["d"].isVisible()
    grid.set_narrow(False)
    assert grid.views["d"].isVisible()
    assert grid.views["a"].isVisible()


def test_another_layout_hides_what_it_does_not_name(grid: ViewGrid) -> None:
    grid.set_split(row("a", "d"))
    assert not grid.views["b"].isVisible()
    assert grid.views["d"].isVisible()
    grid.set_split(column("b"))
    assert grid.views["b"].isVisible()


def test_views_on_one_time_axis_share_the_hover_line(grid: ViewGrid) -> None:
    channels = {"c": latest(x=np.arange(9.0), E=np.arange(9.0))}
    assert grid.pull(channels) == 2
    grid.views["a"].cursor_moved.emit(4.0)
    assert grid.views["b"].canvas._cursor == 4.0
    assert grid.pull(channels) == 0
    grid.set_stale("old")
    assert grid.views["a"].header.chip.isVisible()
    assert not grid.views["d"].header.chip.isVisible()
    grid.clear()
    assert not grid.views["a"].shows_data


def test_a_moment_shows_only_where_x_is_time(show: Show) -> None:
    for kind in ("psychometric", "scatter", "histogram", "bars"):
        view = show(View("v", "V", kind, "c", x=Axis("value", "ms")))
        view.set_cursor(4.0)
        assert view.canvas._cursor is None, kind
    curve = show(View("t", "T", "traces", "c", x=TIME, series=(Series("E", "E"),)))
    curve.pull(latest(x=np.arange(9.0), E=np.arange(9.0)))
    curve.set_cursor(4.0)
    assert curve.canvas._cursor == 4.0
    curve.retitle({"x_title": "Hole radius (px)"})
    curve.set_cursor(5.0)
    assert curve.canvas._cursor is None


def test_views_of_another_axis_take_no_hover_line(grid: ViewGrid) -> None:
    grid.views["b"].canvas.x_scale.axis = Axis("delay", "ms")
    grid.views["a"].cursor_moved.emit(4.0)
    assert grid.views["b"].canvas._cursor is None
    assert grid.views["d"].canvas._cursor is None


def test_a_low_window_scrolls_rather_than_squeezes(qtbot: QtBot, grid: ViewGrid) -> None:
    grid.set_split(column("a", "b", "d"))
    bar = grid._area.verticalScrollBar()
    assert bar.maximum() == 0
    assert not grid.views["a"].canvas.wheel_needs_focus
    grid.resize(600, 260)
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    for view in grid.views.values():
        assert view.height() - view.header.height() >= theme.dp(90)
    assert grid.views["a"].canvas.wheel_needs_focus
    grid.toggle_maximised("b")
    assert grid.views["b"].height() > 200
    grid.toggle_maximised("b")
    grid.resize(600, 700)
    qtbot.waitUntil(lambda: bar.maximum() == 0)


def test_words_of_plots_are_whole_at_the_largest_font(
    qapp: QApplication, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room a word is drawn into may be lower than its letters."""
    from PySide6.QtGui import QFontMetricsF

    from widgets import strokes as module

    low: list[str] = []

    class Watching(module.QPainter):  # type: ignore[misc, name-defined]
        def drawText(self, room: Any, *rest: Any) -> None:
            if hasattr(room, "height") and room.height() < QFontMetricsF(self.font()).height() - 1:
                low.append(str(rest[-1]))

    monkeypatch.setattr(module, "QPainter", Watching)
    theme.apply(qapp, "light", font_size=16.0)
    try:
        series = (Series("E", "long name", "E"), Series("I", "I", "I"))
        view = show(View("t", "T", "traces", "c", x=TIME, y=Axis("V"), series=series))
        view.resize(600, 400)
        view.pull(latest(x=np.arange(9.0), E=np.arange(9.0), I=np.arange(9.0)))
        view.grab()
        assert low == []
    finally:
        theme.apply(qapp, "light")


def test_rows_of_counters_are_whole_or_counted(qtbot: QtBot) -> None:
    view = make_view(View("v", "V", "counters", "c"))
    qtbot.addWidget(view)
    channel = Latest()
    rows = [(f"row {i}", "", str(i)) for i in range(10)]
    channel.publish(lead=3, caption="volleys", rows=rows)
    view.show()
    view.pull(channel)
    canvas = view.canvas  # type: ignore[attr-defined]
    for room in range(30, 300):
        shown, tall = canvas.fitted(room)
        assert len(shown) * tall <= room
        assert len(shown) == 10 or shown[-1][0] == f"{11 - len(shown)} more rows"
