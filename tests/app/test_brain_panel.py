"""The brain panel as a user meets it."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from nibabel.freesurfer import io as freesurfer
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import session as sessions
from app.panels.brain.page import BrainPage
from app.window import MainWindow
from backend.brain.surface_map import on_simulated_strip
from widgets.surface_canvas import SurfaceCanvas

Wait = Callable[..., None]
N = 10_242
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> BrainPage:
    """The viewer with its example open and drawn."""
    window.show_panel("brain")
    page: BrainPage = window.panels["brain"].viewer
    qtbot.waitUntil(lambda: page.board.views["surface"].shows_data, timeout=60_000)
    qtbot.waitUntil(lambda: bool(page.showing.clusters))
    return page


def canvas_of(page: BrainPage) -> SurfaceCanvas:
    found: SurfaceCanvas = page.board.views["surface"].canvas  # type: ignore[attr-defined]
    return found


def coloured(page: BrainPage) -> int:
    """Pixels of the surface that are no grey."""
    page._frame()
    image = canvas_of(page).grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    pixels = np.frombuffer(image.constBits(), np.uint8)
    pixels = pixels.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    rgb = pixels.reshape(image.height(), image.width(), 3)[:, :-120].astype(int)
    return int((np.ptp(rgb, axis=2) > 60).sum())


def read(page: BrainPage, wait: Wait, path: Path) -> None:
    assert page.scene is not None
    before = len(page.scene.shown)
    page.take_file(path)
    wait(lambda: len(page.scene.shown) == before + 1)


def picture(page: BrainPage, qtbot: QtBot) -> QImage:
    """The surface when nothing is being smoothed any more."""
    canvas = canvas_of(page)
    canvas.repaint()
    qtbot.waitUntil(lambda: canvas.settled)
    return canvas.grab().toImage()


def names(page: BrainPage) -> list[str]:
    assert page.scene is not None
    return [one.overlay.name for one in page.scene.shown]


def test_the_example_is_there_at_once_and_called_synthetic(page: BrainPage) -> None:
    assert names(page) == ["Synthetic activity", "Sulcal depth"]
    assert page.header.synthetic.isVisible()
    assert [cell.title for cell in canvas_of(page).drawing.cells] == [
        "left, lateral", "right, lateral", "left, medial", "right, medial",
    ]  # fmt: skip
    assert coloured(page) > 2000
    handle = page.moment.slider
    share = (page.parameters.moment + 100) / 600  # the example lasts from −100 to 500 ms
    assert handle.value() / handle.maximum() == pytest.approx(share, abs=0.01)
    assert "software rendering" in page.board.views["surface"].speed.text()  # type: ignore[attr-defined]


def test_dragging_a_line_of_the_histogram_moves_the_threshold(page: BrainPage) -> None:
    canvas_of(page).smooth_s = 0.0
    before, was = coloured(page), page.parameters.threshold
    histogram = page.histogram
    middle = histogram.height() // 2
    at = QPoint(round(histogram.px(was)), middle)
    QTest.mousePress(histogram, LEFT, pos=at)
    QTest.mouseMove(histogram, QPoint(round(histogram.px(2 * was)), middle))
    assert page.parameters.threshold == pytest.approx(2 * was, rel=0.1)
    assert coloured(page) < before / 1.5  # at once, while the hand still holds it
    QTest.mouseRelease(histogram, LEFT, pos=QPoint(round(histogram.px(2 * was)), middle))
    assert page.undo_stack.count() == 1
    page.undo_stack.undo()
    assert page.parameters.threshold == was
    assert page.scene is not None
    assert page.scene.hand is not None
    assert page.scene.hand.look.threshold == was
    assert coloured(page) == before


def test_a_click_reads_a_vertex_and_its_time_course(page: BrainPage, wait: Wait) -> None:
    canvas = canvas_of(page)
    cluster = page.showing.clusters[0]
    side = {"left": 0, "right": 1}[cluster.side]
    place = canvas.place_of(side, cluster.vertex) or canvas.place_of(side + 2, cluster.vertex)
    assert place is not None
    QTest.mouseClick(canvas, LEFT, pos=place.toPoint())
    assert page.scene is not None
    assert page.scene.vertex is not None
    half, vertex = page.scene.vertex
    assert half == cluster.hemisphere
    assert f"Vertex {vertex}, {cluster.side}" == page.vertex.head.title.text()
    assert page.vertex.lead.number.startswith("t = ")
    assert page.vertex.label.isEnabled()
    wait(lambda: page.board.views["course"].shows_data)
    course = page.board.channels["course"].snapshot()
    hand = page.scene.hand
    assert hand is not None
    np.testing.assert_array_equal(course["vertex"], hand.overlay.values[half][:, vertex])
    assert len(course["x"]) == 100


def test_shift_click_keeps_the_vertex_before(page: BrainPage, wait: Wait) -> None:
    page.pick(0, 100)
    page.pick(1, 200, True)
    assert page.scene is not None
    assert page.scene.pins == ((0, 100),)
    wait(lambda: page.board.views["kept"].shows_data)
    assert page.board.channels["kept"].snapshot()["labels"] == ["200 R", "100 L"]
    ring = canvas_of(page).drawing.rings
    assert sorted(ring) == [(0, 100, True), (1, 200, False)]


def test_turning_by_hand_turns_all_views_and_double_click_resets(
    page: BrainPage, qtbot: QtBot
) -> None:
    canvas = canvas_of(page)
    canvas.smooth_s = float("inf")  # how fast this machine draws must not matter
    canvas.reset()
    before = picture(page, qtbot)
    start = canvas.box(0).center()
    QTest.mousePress(canvas, LEFT, pos=start)
    QTest.mouseMove(canvas, start + QPoint(30, 0))
    QTest.mouseMove(canvas, start + QPoint(60, 10))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(60, 10))
    assert page.scene is not None
    assert page.scene.vertex is None  # a drag is no click
    turned = picture(page, qtbot)
    for number in range(4):
        box = canvas.box(number)
        assert turned.copy(box) != before.copy(box)
    QTest.mouseDClick(canvas, LEFT, pos=start)
    assert picture(page, qtbot) == before
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert picture(page, qtbot) != before
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert picture(page, qtbot) == before


def test_resting_over_a_place_says_its_value(page: BrainPage, wait: Wait) -> None:
    canvas = canvas_of(page)
    cluster = next(one for one in page.showing.clusters if one.side == "left")
    place = canvas.place_of(0, cluster.vertex) or canvas.place_of(2, cluster.vertex)
    assert place is not None
    QTest.mouseMove(canvas, place.toPoint() + QPoint(1, 1))
    QTest.mouseMove(canvas, place.toPoint())
    wait(lambda: canvas.over is not None)
    assert canvas.over is not None
    value, where = canvas.drawing.read(*canvas.over)
    assert value.startswith("t = ")
    assert where.endswith(f"L {canvas.over[1]}")


def test_moments_play_and_pause(page: BrainPage, wait: Wait) -> None:
    page.history.set_value("moment", 0.0)
    page.run_or_pause()
    assert page.alive
    assert page.strip.primary.text() == "Pause"
    wait(lambda: page.parameters.moment > 5)
    page.run_or_pause()
    assert not page.alive
    stopped = page.parameters.moment
    page._frame()
    assert page.parameters.moment == stopped
    page.undo_stack.undo()
    assert page.parameters.moment == 0.0  # playing is one step


def test_files_of_nibabel_open_on_top_and_undo_takes_them_away(
    page: BrainPage, wait: Wait, tmp_path: Path
) -> None:
    values = np.zeros(N, np.float32)
    values[:500] = 2.5
    for side in ("lh", "rh"):
        freesurfer.write_morph_data(str(tmp_path / f"{side}.thickness"), values)
    read(page, wait, tmp_path / "lh.thickness")
    assert names(page)[0] == "lh.thickness"
    page.pick(0, 3)
    assert (page.vertex.lead.number, page.vertex.lead.unit) == ("2.5", "mm")
    assert "Synthetic activity" in [name for name, _ in page.vertex.facts.rows]
    page.undo_stack.undo()
    assert names(page) == ["Synthetic activity", "Sulcal depth"]
    page.undo_stack.redo()
    assert names(page)[0] == "lh.thickness"


def test_a_file_that_does_not_fit_is_said(page: BrainPage, wait: Wait, tmp_path: Path) -> None:
    np.save(tmp_path / "short.npy", np.zeros(77))
    page.take_file(tmp_path / "short.npy")
    wait(lambda: bool(page.banners.banners))
    (banner,) = page.banners.banners.values()
    assert "short.npy has 77 vertices, fsaverage5 10,242" in banner.text
    assert len(names(page)) == 2


def test_a_map_that_is_not_there_is_refused(page: BrainPage, wait: Wait, tmp_path: Path) -> None:
    rows = np.stack([np.full(2 * N, value, np.float32) for value in (1, 2, 3)])
    np.save(tmp_path / "three.npy", rows)
    read(page, wait, tmp_path / "three.npy")
    page.pick(0, 7)
    page.form._enter("map_number", "3")
    page._frame()
    assert page.vertex.lead.number == "3"
    page.form._enter("map_number", "50")
    assert page.form.errors["map_number"] == "three has 3 maps; 50 was given."
    assert page.parameters.map_number == 3
    page.form.rows["map_number"].fixed.emit(2)
    page._frame()
    assert page.vertex.lead.number == "2"
    assert not page.form.errors


def test_flat_maps_are_seen_from_their_one_side(page: BrainPage) -> None:
    page.history.set_value("shape", "flat")
    for layout, count in (("dorsal", 2), ("right", 1), ("front", 2), ("four", 2)):
        page.history.set_value("layout", layout)
        assert coloured(page) > 1000
        titles = [cell.title for cell in canvas_of(page).drawing.cells]
        assert len(titles) == count
        assert titles[-1] == "right, flat map"


def test_order_visibility_and_removal_are_steps_of_undo(page: BrainPage) -> None:
    page.overlays.eye_pressed.emit(0)
    assert coloured(page) == 0
    page.choose(1)
    assert page.form.groups["Overlay"].head.text() == "Sulcal depth"
    assert page.parameters.palette == "CET-L1"
    page.reorder(-1)
    assert names(page)[0] == "Sulcal depth"
    page.remove()
    assert names(page) == ["Synthetic activity"]
    for _ in range(4):
        page.undo_stack.undo()
    assert names(page) == ["Synthetic activity", "Sulcal depth"]
    assert page.form.groups["Overlay"].head.text() == "Synthetic activity"
    assert coloured(page) > 2000


def test_every_shape_palette_and_layout_draws(page: BrainPage) -> None:
    seen: list[Any] = []
    for name, values in (
        ("shape", ("pial", "white", "sphere", "flat", "inflated")),
        ("layout", ("dorsal", "front", "left", "right", "lateral", "four")),
        ("palette", ("viridis", "CET-D1A", "warm", "hot-cold")),
        ("inflation", (0.5, 1.0)),
        ("outline", (True, False)),
    ):
        for value in values:
            page.history.set_value(name, value)
            page._frame()
            image = canvas_of(page).grab().toImage()
            assert image not in seen[-1:], (name, value)
            seen.append(image)


def test_a_preset_arranges_the_views_and_leaves_the_overlay(page: BrainPage) -> None:
    page.history.set_value("threshold", 5.0)
    page.history.set_preset("Left hemisphere")
    assert page.parameters.threshold == 5.0
    page._frame()
    titles = [cell.title for cell in canvas_of(page).drawing.cells]
    assert titles == ["left, lateral", "left, medial", "left, dorsal", "left, ventral"]


def test_the_montage_is_saved_as_turned(page: BrainPage, tmp_path: Path) -> None:
    page.files.montage(tmp_path / "a.png")
    canvas_of(page).turn_by(40, 0)
    page.files.montage(tmp_path / "b.png")
    page.files.montage(tmp_path / "b.svg")
    with Image.open(tmp_path / "a.png") as a, Image.open(tmp_path / "b.png") as b:
        assert a.size == b.size
        assert not np.array_equal(np.asarray(a), np.asarray(b))
    assert "<rect" in (tmp_path / "b.svg").read_text()


def test_a_cluster_is_saved_as_a_label_that_nibabel_reads(page: BrainPage, tmp_path: Path) -> None:
    cluster = page.showing.clusters[2]
    page.pick(cluster.hemisphere, cluster.vertex)
    side = {"left": "lh", "right": "rh"}[cluster.side]
    page.files.label(tmp_path / f"{side}.c.label")
    found = freesurfer.read_label(str(tmp_path / f"{side}.c.label"))
    np.testing.assert_array_equal(np.sort(found), np.sort(cluster.vertices))
    page.files.table(tmp_path / "c.tsv")
    assert len((tmp_path / "c.tsv").read_text().splitlines()) == len(page.showing.clusters) + 1


def test_a_region_is_painted_grown_and_saved(page: BrainPage, wait: Wait, tmp_path: Path) -> None:
    canvas = canvas_of(page)
    page.board.views["surface"].brush.click()  # type: ignore[attr-defined]
    assert names(page)[0] == "Region 1"
    assert page.form.rows["brush"].isVisible()
    page.overlays.eye_pressed.emit(1)

    def painted() -> np.ndarray:
        assert page.scene is not None
        return np.flatnonzero(page.scene.shown[0].overlay.values[0][0])

    middle = canvas.box(0).center()
    at = canvas.vertex_at(middle.toPointF())
    assert at is not None
    assert at[0] == 0
    steps = page.undo_stack.count()
    QTest.mousePress(canvas, LEFT, pos=middle)
    QTest.mouseMove(canvas, middle + QPoint(25, 0))
    QTest.mouseRelease(canvas, LEFT, pos=middle + QPoint(25, 0))
    stroke = painted()
    assert at[1] in stroke
    pial = page.scene.cortex.hemispheres[0].shapes["pial"]  # type: ignore[union-attr]
    assert page.undo_stack.count() == steps + 1
    assert len(stroke) > 20
    QTest.mouseClick(canvas, LEFT, Qt.KeyboardModifier.ShiftModifier, middle)
    erased = painted()
    assert at[1] not in erased
    assert (np.linalg.norm(pial[erased] - pial[at[1]], axis=1) > 1).all()
    page.undo_stack.undo()
    np.testing.assert_array_equal(painted(), stroke)
    page.start("grow")
    assert set(stroke) < set(painted())
    page.start("shrink")
    assert set(stroke) <= set(painted())
    page.files.label(tmp_path / "lh.region-1.label")
    found = freesurfer.read_label(str(tmp_path / "lh.region-1.label"))
    np.testing.assert_array_equal(found, painted())
    page.choose(1)
    assert not canvas.painting  # the brush is for regions
    assert page.form.rows["brush"].isHidden()


def test_a_cluster_becomes_a_region(page: BrainPage) -> None:
    cluster = page.showing.clusters[0]
    page.pick(cluster.hemisphere, cluster.vertex)
    page.start("of-cluster")
    assert page.scene is not None
    values = page.scene.shown[0].overlay.values[cluster.hemisphere][0]
    np.testing.assert_array_equal(np.flatnonzero(values), cluster.vertices)
    assert ("Its vertices", f"{len(cluster.vertices)}") in page.vertex.facts.rows


def test_computed_patches_name_the_places(page: BrainPage, wait: Wait) -> None:
    page.start("parcels")
    wait(lambda: names(page)[0] == "Computed patches")
    page.pick(0, 500)
    assert page.vertex.lead.number.startswith("L patch ")
    assert ("Region", page.vertex.lead.number) in page.vertex.facts.rows
    assert page.form.rows["threshold"].isHidden()
    assert page.histogram.isHidden()


def test_a_volume_is_projected_and_sliced_with_a_linked_cross_hair(
    page: BrainPage, wait: Wait, tmp_path: Path
) -> None:
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = (-90, -126, -72)
    data = np.zeros((46, 55, 46), np.float32)
    data[30:34, 8:14, 14:18] = 5.0  # right, posterior: x from 30, y to −74, z from −16 mm
    nibabel.Nifti1Image(data, affine).to_filename(str(tmp_path / "stat.nii.gz"))
    read(page, wait, tmp_path / "stat.nii.gz")
    view: Any = page.board.views["slices"]
    wait(lambda: view.isVisible() and view.shows_data)
    assert len(view.canvas.slices) == 3
    assert view.canvas.slices[0].at[0] > 20  # opened at the strongest place
    sagittal, axial = view.canvas.boxes()[0], view.canvas.boxes()[2]
    QTest.mouseClick(
        view.canvas, LEFT, pos=axial.center().toPoint() - QPoint(round(axial.width() / 4), 0)
    )
    assert page.scene is not None
    assert page.scene.vertex is not None
    assert page.scene.vertex[0] == 0  # left of the middle lies the left hemisphere
    at = page.scene.cortex.hemispheres[0].shapes["pial"][page.scene.vertex[1]]
    page._frame()
    np.testing.assert_allclose(view.canvas.slices[0].at, at)
    x, y = view.canvas.slices[0].share()
    np.testing.assert_allclose(view.canvas.slices[0].place(x, y), at, atol=1e-4)
    assert sagittal.width() > 20
    page.choose(1)
    page._frame()
    assert view.isHidden()  # no volume is in hand
    assert page.board.views["kept"].isVisible()


def test_the_overlay_in_hand_is_saved_as_gifti(page: BrainPage, tmp_path: Path) -> None:
    page.files.overlay(tmp_path / "s.func.gii")
    made: Any = nibabel.load(tmp_path / "s.L.func.gii")
    assert page.scene is not None
    assert page.scene.hand is not None
    np.testing.assert_array_equal(
        np.stack([one.data for one in made.darrays]), page.scene.hand.overlay.values[0]
    )


def test_the_simulated_cortex_is_drawn_on_its_sphere(page: BrainPage, wait: Wait) -> None:
    made = on_simulated_strip(["r"], np.linspace(0.1, 0.5, 200)[None])
    made.name = "Encoding r"
    page.files.send(made)
    wait(lambda: page.scene is not None and names(page)[0] == "Encoding r")
    assert page.parameters.mesh == "simulated sphere"
    assert "no anatomy" in page.header.synthetic.toolTip()
    assert coloured(page) > 200
    page.history.set_value("mesh", "fsaverage5")
    assert names(page)[0] == "Synthetic activity"


@pytest.mark.slow
def test_maps_of_a_run_are_sent_to_the_cortex(
    page: BrainPage, window: MainWindow, wait: Wait
) -> None:
    from app.exporting import fill_menu
    from app.finder import actions

    study = window.open_study("dnnbrain")
    study.choose_preset("Figure 6A")
    study.measure()
    job = study.controller.job
    assert job is not None
    wait(lambda: job.finished, timeout=90_000)
    menu = study.header.export.menu()
    fill_menu(menu, study)
    (send,) = [one for one in menu.actions() if one.text().startswith("Send Maps of the encoding")]
    assert any(row[0] == send.text() for row in actions(window))
    send.trigger()
    wait(lambda: window.panel == "brain")
    wait(lambda: page.scene is not None and names(page)[0].startswith("Maps of the encoding"))
    assert "no anatomy" in page.header.synthetic.toolTip()
    assert page.scene is not None
    assert page.scene.hand is not None
    assert page.scene.hand.overlay.rows > 5
    before = coloured(page)
    assert before > 200
    page.history.set_value("map_number", 2)
    page.pick(0, int(np.flatnonzero(np.isfinite(page.scene.hand.overlay.values[0][1]))[0]))
    assert page.scene.hand.overlay.maps[1] in page.vertex.lead.label.text()


def test_a_scene_file_and_a_session_bring_everything_back(
    page: BrainPage, window: MainWindow, wait: Wait, tmp_path: Path
) -> None:
    np.save(tmp_path / "mine.npy", np.linspace(-3, 3, 2 * N, dtype=np.float32))
    read(page, wait, tmp_path / "mine.npy")
    page.history.set_value("threshold", 1.5)
    page.history.set_value("shape", "pial")
    page.pick(1, 42)
    page.files.scene(tmp_path / "s.brain.json")
    sessions.save(window.keeper.collect(), tmp_path / "s.isomorph")

    def spoil() -> None:
        page.remove()
        page.history.set_value("shape", "sphere")
        page.pick(0, 1)

    for back in (
        lambda: page.take_file(tmp_path / "s.brain.json"),
        lambda: window.keeper.take(sessions.load(tmp_path / "s.isomorph")),
    ):
        spoil()
        back()
        wait(lambda: page.scene is not None and names(page)[0] == "mine")
        assert page.scene is not None
        assert page.scene.vertex == (1, 42)
        assert (page.parameters.threshold, page.parameters.shape) == (1.5, "pial")


def test_own_surfaces_open_with_their_depth(page: BrainPage, wait: Wait, tmp_path: Path) -> None:
    from backend.brain.simulated_surface import icosphere

    points, faces = icosphere(3)
    freesurfer.write_geometry(str(tmp_path / "lh.pial"), 70 * points, faces)
    page.take_file(tmp_path / "lh.pial")
    wait(lambda: page.scene is not None and page.scene.cortex.counts == (642,))
    page._frame()
    assert [cell.side for cell in canvas_of(page).drawing.cells] == ["left"] * 4
    (tmp_path / "lh.white").write_bytes(b"no surface")
    page.take_file(tmp_path / "lh.white")
    wait(lambda: bool(page.banners.banners))
    assert any("holds no surface" in one.text for one in page.banners.banners.values())
    page.undo_stack.undo()
    assert page.scene is not None
    assert page.scene.cortex.counts == (642,)


def test_script_and_methods_draw_and_say_the_same(page: BrainPage, tmp_path: Path) -> None:
    page.history.set_value("threshold", 4.0)
    script = page.script()
    out = io.StringIO()
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(script, "script", "exec"), {})
    finally:
        os.chdir(here)
    assert (tmp_path / "surface.png").is_file()
    assert len(out.getvalue().splitlines()) > 3
    from backend.brain.viewer_words import methods

    words = methods(page.scene, page.parameters)
    assert "absolute value of at least 4" in words
    assert "synthetic" in words
