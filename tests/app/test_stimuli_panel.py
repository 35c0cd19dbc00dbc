"""The stimulus studio as a user sees it: draw, drag, make, edit, undo, import, export, send."""

from __future__ import annotations

import gc
import runpy
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QMessageBox

from app.panels.stimuli.action_dialog import ActionDialog
from app.panels.stimuli.import_dialog import ImportDialog
from app.panels.stimuli.panel import StimuliPanel
from app.window import MainWindow
from backend.stimuli.generators import ids
from backend.stimuli.set_actions import ACTIONS, action
from backend.stimuli.stimulus_set import StimulusSet
from widgets.banner import Banner

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton
EDIT = Qt.ItemDataRole.EditRole


@pytest.fixture
def panel(window: MainWindow) -> StimuliPanel:
    window.show_panel("stimuli")
    made = window.panels["stimuli"]
    assert isinstance(made, StimuliPanel)
    made.show_generator("gratings")
    return made


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """Sets are drawn chunk by chunk, each when the test lets it go."""
    from backend.stimuli.generators import find

    kind, opened = type(find("gratings")), threading.Semaphore(0)
    draw = kind.draw

    def held(self: Any, parameters: Any, prepared: Any, start: int, stop: int) -> Any:
        if threading.current_thread().name.startswith("stimuli"):
            opened.acquire(timeout=10)
        return draw(self, parameters, prepared, start, stop)

    monkeypatch.setattr(kind, "draw", held)
    yield opened
    opened.release(1000)


def shown(panel: StimuliPanel) -> np.ndarray | None:
    """The large picture."""
    image: np.ndarray | None = panel.board.channels["preview"].snapshot().get("image")
    return image


def drawn(panel: StimuliPanel, wait: Wait) -> np.ndarray:
    """The large picture when nothing more is being drawn."""
    wait(lambda: not panel.settle_timer.isActive() and panel.board.work.idle)
    panel.board.pull()
    wait(lambda: panel.board.work.idle)
    panel.board.pull()
    image = shown(panel)
    assert image is not None
    return image


def press(panel: StimuliPanel) -> None:
    QTest.mouseClick(panel.strip.primary, LEFT)


def finished(panel: StimuliPanel, wait: Wait) -> None:
    """The present task is over, and the panel has noticed."""
    task = panel.task
    assert task is not None
    wait(lambda: task.finished and panel.strip.state == task.state)


def small(panel: StimuliPanel, n: int = 6, side: int = 32) -> None:
    panel.history.set_values({"n": n, "side": side, "frequency": 2.0}, "small")


def made(panel: StimuliPanel, wait: Wait, n: int = 6) -> StimulusSet:
    """A small set of gratings, made by the button."""
    small(panel, n)
    press(panel)
    finished(panel, wait)
    assert panel.task is not None
    assert panel.task.outcome == "done", panel.banners.banners
    return on_screen(panel)


def on_screen(panel: StimuliPanel) -> StimulusSet:
    assert panel.sets.current is not None
    return panel.sets.current[1]


def names(panel: StimuliPanel) -> list[str]:
    """Sets in the browser."""
    return [one.name for one in panel.browser.model.sets]


def banner(panel: StimuliPanel, key: str) -> Banner:
    assert key in panel.banners.banners, list(panel.banners.banners)
    return panel.banners.banners[key]


def put(panel: StimuliPanel, name: str, colour: bool = False) -> StimulusSet:
    """Pictures that are in the store already, and on screen."""
    rng = np.random.Generator(np.random.Philox(1))
    shape = (6, 20, 24, 3) if colour else (6, 20, 24)
    table: dict[str, list[Any]] = {
        "name": [f"{name}{i}" for i in range(6)], "class": ["disc", "ring"] * 3,
        "size": [3.0, 1.0, 2.0, 6.0, 5.0, 4.0], "count": [1, 2, 3, 4, 5, 6],
    }  # fmt: skip
    images = rng.integers(20, 230, shape, np.uint8)
    stored = panel.sets.store.save(StimulusSet(name=name, images=images, table=table))
    panel.sets.refresh()
    panel.browser.choose(stored.id)
    panel.sets.show(stored)
    return on_screen(panel)


# ---- generators --------------------------------------------------------------------------


def test_every_generator_opens_and_draws_its_picture_and_its_sheet(
    panel: StimuliPanel, wait: Wait
) -> None:
    model = panel.list.model
    for row, identifier in enumerate(ids()):
        panel.list.list.setCurrentIndex(model.index(row))
        assert panel.generator.id == identifier
        image = drawn(panel, wait)
        assert image.dtype == np.uint8
        assert np.ptp(image) > 0
        sheet = panel.board.sheet.sheet
        wait(lambda: panel.board.drafts is not None and bool(panel.board.drafts.fresh))
        wanted = [i for i in sheet.visible_range() if i < len(sheet.source)][:8]
        wait(lambda: all(sheet.source.thumbnail(i) is not None for i in wanted))  # noqa: B023
        assert "images. Memory while making" in panel.foot.text()
        assert panel.strip.primary.isEnabled()
        assert panel.banners.banners == {}
    wait(lambda: set(model.pictures) == set(ids()))


def test_arrows_in_the_sheet_bring_another_picture_to_the_front(
    panel: StimuliPanel, wait: Wait
) -> None:
    panel.show_generator("dots")
    first = drawn(panel, wait)
    QTest.keyClick(panel.board.sheet.sheet, Qt.Key.Key_Right)
    QTest.keyClick(panel.board.sheet.sheet, Qt.Key.Key_Right)
    wait(lambda: panel.board.views["preview"].header.note.text().startswith("image 3 of"))
    third = drawn(panel, wait)
    alone = panel.generator.preview(panel.history.parameters, 2).image
    assert np.array_equal(third, alone)
    assert not np.array_equal(first, third)


def test_random_draws_another_and_is_one_step_of_undo(panel: StimuliPanel, wait: Wait) -> None:
    panel.show_generator("faces")
    before = panel.history.parameters
    QTest.mouseClick(panel.random, LEFT)
    assert panel.history.parameters != before
    assert panel.undo_stack.count() == 1
    panel.window_.undo()
    assert panel.history.parameters == before


def test_undo_comes_back_to_the_generator_it_was_done_in(panel: StimuliPanel) -> None:
    panel.history.set_value("n", 7)
    panel.show_generator("dots")
    panel.window_.undo()
    assert panel.generator.id == "gratings"
    assert panel.form.values()["n"] == 12


# ---- drag and type -----------------------------------------------------------------------


def test_a_drag_redraws_small_then_full_and_is_one_step_of_undo(
    panel: StimuliPanel, wait: Wait
) -> None:
    panel.show_generator("faces")
    before = drawn(panel, wait)
    assert before.shape == (256, 256)
    sides: list[int] = []
    panel.board.drawn.connect(lambda ms: sides.append(len(shown(panel))))  # type: ignore[arg-type]
    slider = panel.form.rows["yaw"].slider
    assert slider is not None
    value = panel.history.parameters.yaw
    slider.setSliderDown(True)
    for place in (900, 700, 500):
        slider.setValue(place)
        wait(lambda: panel.board.work.idle)
    wait(lambda: 128 in sides)
    assert panel.undo_stack.count() == 0
    slider.setSliderDown(False)
    slider.chosen.emit(panel.history.parameters.yaw)
    after = drawn(panel, wait)
    assert after.shape == (256, 256)
    assert sides[-1] == 256
    assert not np.array_equal(after, before)
    assert panel.undo_stack.count() == 1
    panel.window_.undo()
    assert panel.history.parameters.yaw == value
    assert panel.form.values()["yaw"] == value
    assert np.array_equal(drawn(panel, wait), before)
    panel.window_.redo()
    assert np.array_equal(drawn(panel, wait), after)


def test_a_typed_value_outside_its_limits_is_refused_and_make_set_says_why(
    panel: StimuliPanel, wait: Wait
) -> None:
    before = drawn(panel, wait)
    row = panel.form.rows["side"]
    row.field.lineEdit().setText("5")
    QTest.keyClick(row.field.lineEdit(), Qt.Key.Key_Return)
    assert panel.form.errors["side"] == "Side goes from 32 to 1024 px; 5 was given."
    assert not panel.strip.primary.isEnabled()
    assert panel.strip.activity.text() == "1 value to correct: Side"
    panel._slow()
    assert not panel.strip.primary.isEnabled()
    assert np.array_equal(drawn(panel, wait), before)
    QTest.keyClick(row.field, Qt.Key.Key_Escape)
    assert panel.form.errors == {}
    assert panel.strip.primary.isEnabled()
    assert row.field.text() == "256"


def test_settings_that_do_not_go_together_are_refused_at_their_field_and_nothing_is_lost(
    panel: StimuliPanel, wait: Wait
) -> None:
    before = drawn(panel, wait)
    panel.history.set_value("frequency", 100.0)
    panel.history.set_value("side", 64)
    assert "carry at most" in panel.form.errors["frequency"]
    assert not panel.strip.primary.isEnabled()
    press(panel)
    assert panel.task is None
    panel.window_.undo()
    panel.window_.undo()
    assert panel.form.errors == {}
    assert panel.strip.primary.isEnabled()
    assert np.array_equal(drawn(panel, wait), before)


# ---- making ------------------------------------------------------------------------------


def test_make_set_keeps_a_set_and_shows_it_everywhere(panel: StimuliPanel, wait: Wait) -> None:
    stimuli = made(panel, wait)
    assert names(panel) == ["gratings"]
    assert panel.browser.current is not None
    assert panel.browser.name.text() == "gratings"
    assert panel.browser.table_model.rowCount() == 6
    assert len(panel.board.sheet.sheet.source) == 6
    assert panel.strip.chip.text() == "Done"
    image = shown(panel)
    assert image is not None
    assert np.array_equal(image, stimuli.images[0])
    assert stimuli.synthetic in panel.browser.synthetic.text()
    panel.browser.table.selectRow(4)
    assert np.array_equal(shown(panel), stimuli.images[4])  # type: ignore[arg-type]
    assert panel.board.sheet.sheet.current == 4
    press(panel)
    finished(panel, wait)
    assert names(panel) == ["gratings-2", "gratings"]


def test_making_can_be_undone_and_redone(panel: StimuliPanel, wait: Wait) -> None:
    images = np.array(made(panel, wait).images)
    panel.window_.undo()
    assert names(panel) == []
    assert panel.sets.current is None
    assert panel.board.stimuli is None
    panel.window_.redo()
    assert names(panel) == ["gratings"]
    panel.sets.show(panel.browser.model.sets[0])
    assert np.array_equal(on_screen(panel).images, images)


def test_pause_stands_still_continue_goes_on(
    panel: StimuliPanel, wait: Wait, gate: threading.Semaphore
) -> None:
    small(panel, 1000)
    press(panel)
    task = panel.task
    assert task is not None
    wait(lambda: panel.strip.chip.text() == "Running")
    gate.release()
    wait(lambda: task.done == 256)
    press(panel)
    assert panel.strip.chip.text() == "Paused"
    assert panel.strip.primary.text() == "Continue"
    gate.release(3)
    wait(lambda: "256 of 1000 images" in panel.strip.activity.text())
    press(panel)
    finished(panel, wait)
    assert len(on_screen(panel)) == 1000


@pytest.mark.parametrize("paused", [False, True])
def test_cancel_leaves_no_half_set(
    panel: StimuliPanel, wait: Wait, gate: threading.Semaphore, paused: bool
) -> None:
    small(panel, 1000)
    press(panel)
    task = panel.task
    assert task is not None
    gate.release()
    wait(lambda: task.done == 256)
    if paused:
        press(panel)
    wait(lambda: panel.strip.stop.isEnabled())
    QTest.mouseClick(panel.strip.stop, LEFT)
    gate.release(100)
    finished(panel, wait)
    assert panel.strip.chip.text() == "Cancelled"
    assert names(panel) == []
    root = panel.sets.store.root
    assert [path.name for path in root.iterdir()] == []
    assert panel.undo_stack.undoText() == "small"


def test_a_second_piece_of_work_waits_for_the_first_to_end(
    panel: StimuliPanel, wait: Wait, gate: threading.Semaphore
) -> None:
    put(panel, "mine")
    panel.show_generator("gratings")
    small(panel)
    press(panel)
    panel.sets.show(panel.browser.model.sets[0])
    panel.sets.keep_chosen()
    assert "is under way" in panel.window_.status.message.text()
    gate.release(10)
    finished(panel, wait)
    assert sorted(names(panel)) == ["gratings", "mine"]


def test_a_full_disk_is_said_and_nothing_is_left(
    panel: StimuliPanel, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.stimuli import set_store

    def full(file: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(set_store, "take_blocks", full)
    small(panel)
    press(panel)
    finished(panel, wait)
    assert "full" in banner(panel, "task").text.lower()
    assert list(panel.sets.store.root.iterdir()) == []
    monkeypatch.undo()
    press(panel)
    finished(panel, wait)
    assert names(panel) == ["gratings"]
    assert "task" not in panel.banners.banners


def test_closing_the_window_while_a_set_is_made_asks_and_leaves_nothing(
    panel: StimuliPanel, wait: Wait, gate: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(panel, 1000)
    press(panel)
    gate.release()
    asked: list[str] = []

    def stay(box: QMessageBox) -> int:
        asked.append(box.informativeText())
        return 0

    monkeypatch.setattr(QMessageBox, "exec", stay)
    panel.window_.close()
    assert asked == ["Make gratings"]
    assert panel.window_.isVisible()
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[0])
    gate.release(100)
    panel.window_.close()
    assert not panel.window_.isVisible()
    assert panel.task is not None
    assert panel.task.outcome == "cancelled"
    assert list(panel.sets.store.root.iterdir()) == []


# ---- edits in place ----------------------------------------------------------------------


def cell(panel: StimuliPanel, row: int, column: str) -> Any:
    model = panel.browser.table_model
    return model.index(row, model.columns.index(column))


def test_a_cell_is_edited_kept_and_undone(panel: StimuliPanel) -> None:
    put(panel, "mine")
    model = panel.browser.table_model
    assert model.setData(cell(panel, 2, "class"), "ellipse", EDIT)
    assert model.setData(cell(panel, 1, "size"), "\u22122.5", EDIT)
    stored = panel.browser.model.sets[0]
    kept = panel.sets.store.load(stored)
    assert kept.table["class"][2] == "ellipse"
    assert kept.table["size"][1] == -2.5
    assert "ellipse" in panel.browser.history.text()
    panel.window_.undo()
    panel.window_.undo()
    assert model.data(cell(panel, 2, "class")) == "disc"
    assert panel.sets.store.load(stored).table["size"][1] == 1.0
    panel.window_.redo()
    assert panel.sets.store.load(panel.browser.model.sets[0]).table["class"][2] == "ellipse"


@pytest.mark.parametrize(
    ("column", "typed", "words"),
    [("size", "large", "holds numbers"), ("count", "2.5", "holds numbers"),
     ("name", "mine0", "Another image is called")],
)  # fmt: skip
def test_a_cell_that_cannot_hold_what_was_typed_keeps_its_value(
    panel: StimuliPanel, column: str, typed: str, words: str
) -> None:
    before = put(panel, "mine").row(1)
    panel.browser.table_model.setData(cell(panel, 1, column), typed, EDIT)
    assert words in banner(panel, "sets").text
    assert on_screen(panel).row(1) == before
    assert panel.undo_stack.count() == 0


def test_rename_and_delete_come_back_with_undo(
    panel: StimuliPanel, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(panel, "mine")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("yours", True))
    panel.window_.activateWindow()
    panel.browser.list.setFocus()
    wait(panel.browser.list.hasFocus)
    QTest.keyClick(panel.browser.list, Qt.Key.Key_F2)
    assert names(panel) == ["yours"]
    assert panel.browser.name.text() == "yours"
    QTest.keyClick(panel.browser.list, Qt.Key.Key_Delete)
    assert names(panel) == []
    assert panel.board.stimuli is None
    panel.window_.undo()
    assert names(panel) == ["yours"]
    panel.window_.undo()
    assert names(panel) == ["mine"]
    panel.window_.redo()
    panel.window_.redo()
    assert names(panel) == []
    panel.window_.undo()
    assert names(panel) == ["yours"]


def test_a_name_that_another_set_has_is_refused(
    panel: StimuliPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(panel, "mine")
    put(panel, "yours")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("mine", True))
    panel.sets.ask_name()
    assert sorted(names(panel)) == ["mine", "yours"]
    assert '"mine"' in banner(panel, "sets").text


# ---- edits that make a new set -----------------------------------------------------------


def dialog_of(panel: StimuliPanel, identifier: str) -> ActionDialog:
    """The dialog that the Edit menu opens."""
    menu = panel.browser.edit.menu()
    menu.aboutToShow.emit()
    next(one for one in menu.actions() if one.text() == action(identifier).title).trigger()
    return panel.findChildren(ActionDialog)[-1]


def test_every_edit_makes_a_set_through_its_dialog(panel: StimuliPanel, wait: Wait) -> None:
    put(panel, "more")
    for one in ACTIONS:
        stimuli = put(panel, f"s-{one.id}", colour=one.id == "grey")
        dialog = dialog_of(panel, one.id)
        if one.id == "join":
            dialog.others.setCurrentText("more")
        if one.id == "sample":
            assert not dialog.make.isEnabled()  # 20 of 6 images
            dialog.form._enter("n", "4")
            wait(lambda d=dialog: d.make.isEnabled())  # type: ignore[misc]
        assert dialog.make.isEnabled(), (one.id, dialog.form.errors, dialog.note.text())
        assert dialog.note.text()
        parts = [caption for caption, _ in dialog.pictures.parts]
        assert parts == (["before", "after"] if one.pixels else ["before"])
        QTest.mouseClick(dialog.make, LEFT)
        finished(panel, wait)
        assert panel.task is not None
        assert panel.task.outcome == "done", (one.id, panel.task.failure)
        derived = on_screen(panel)
        assert derived.name == f"s-{one.id}-{one.suffix}"
        assert len(derived.history) > len(stimuli.history)
        before = panel.sets._load_named(f"s-{one.id}")
        assert np.array_equal(before.images, stimuli.images)
    count = len(names(panel))
    panel.window_.undo()
    assert len(names(panel)) == count - 1


def test_a_dialog_refuses_what_cannot_be_done_and_goes_on(panel: StimuliPanel, wait: Wait) -> None:
    put(panel, "mine")
    dialog = dialog_of(panel, "filter")
    dialog.form._enter("expression", "size > 100")
    wait(lambda: "No image has" in dialog.form.errors.get("expression", ""))
    assert not dialog.make.isEnabled()
    dialog.form._enter("expression", 'class == "ring"')
    wait(lambda: dialog.make.isEnabled())
    assert dialog.note.text() == "3 of 6 images fit."
    dialog.reject()
    dialog = dialog_of(panel, "crop")
    dialog.form._enter("width", "500")
    assert "100" in dialog.form.errors["width"]
    assert not dialog.make.isEnabled()
    dialog.form._enter("width", "50")
    wait(lambda: dialog.make.isEnabled())
    dialog.reject()
    assert names(panel) == ["mine"]


def test_join_without_a_second_set_says_so(panel: StimuliPanel) -> None:
    put(panel, "mine")
    dialog = dialog_of(panel, "join")
    assert "no other set" in dialog.note.text()
    assert not dialog.make.isEnabled()
    dialog.reject()


def test_chosen_pictures_are_kept_or_left_out(panel: StimuliPanel, wait: Wait) -> None:
    put(panel, "mine")
    sheet = panel.board.sheet.sheet
    QTest.mouseClick(sheet.viewport(), LEFT, pos=sheet.cell_rect(1).center())
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mouseClick(sheet.viewport(), LEFT, shift, sheet.cell_rect(2).center())
    panel.sets.keep_chosen()
    finished(panel, wait)
    assert on_screen(panel).names == ["mine1", "mine2"]
    panel.sets.show(next(one for one in panel.browser.model.sets if one.name == "mine"))
    QTest.mouseClick(sheet.viewport(), LEFT, pos=sheet.cell_rect(0).center())
    QTest.keyClick(sheet, Qt.Key.Key_Delete)
    finished(panel, wait)
    assert on_screen(panel).names == [f"mine{i}" for i in range(1, 6)]
    assert "left out by hand" in on_screen(panel).history[-1]


# ---- import and export -------------------------------------------------------------------


def pictures(folder: Path) -> Path:
    """Two classes, mixed sizes, one file that is no picture."""
    from PIL import Image

    rng = np.random.Generator(np.random.Philox(2))
    for number, (kind, size) in enumerate(
        [("cats", (24, 24)), ("cats", (24, 24)), ("dogs", (24, 24)), ("dogs", (48, 30))]
    ):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 255, (size[1], size[0]), np.uint8)
        Image.fromarray(pixels).save(folder / kind / f"p{number}.png")
    (folder / "dogs" / "broken.png").write_bytes(b"no picture")
    return folder


def import_dialog(panel: StimuliPanel, path: Path) -> ImportDialog:
    panel.window_.take_file(path)
    return panel.findChildren(ImportDialog)[-1]


def imported(panel: StimuliPanel, wait: Wait, path: Path) -> StimulusSet:
    dialog = import_dialog(panel, path)
    dialog._accept()
    finished(panel, wait)
    assert panel.task is not None
    assert panel.task.outcome == "done", panel.task.failure
    return on_screen(panel)


def test_a_folder_comes_in_and_the_broken_file_is_named(
    panel: StimuliPanel, wait: Wait, tmp_path: Path
) -> None:
    stimuli = imported(panel, wait, pictures(tmp_path / "animals"))
    assert stimuli.name == "animals"
    assert stimuli.images.shape[:3] == (4, 24, 24)
    assert sorted(stimuli.table["class"]) == ["cats", "cats", "dogs", "dogs"]
    said = banner(panel, "import")
    assert said.title_text == "1 file was left out"
    assert "broken.png" in said.text
    assert stimuli.synthetic == ""
    panel.window_.undo()
    assert names(panel) == []


def test_a_strict_import_leaves_nothing_when_one_file_is_broken(
    panel: StimuliPanel, wait: Wait, tmp_path: Path
) -> None:
    dialog = import_dialog(panel, pictures(tmp_path / "animals"))
    dialog.form._enter("strict", True)
    dialog._accept()
    finished(panel, wait)
    assert "broken.png" in banner(panel, "task").text
    assert names(panel) == []
    assert list(panel.sets.store.root.iterdir()) == []


def test_a_list_brings_its_columns(panel: StimuliPanel, wait: Wait, tmp_path: Path) -> None:
    pictures(tmp_path)
    rows = ["file,valence", "cats/p0.png,0.5", "dogs/p2.png,-1"]
    (tmp_path / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    stimuli = imported(panel, wait, tmp_path / "list.csv")
    assert len(stimuli) == 2
    assert stimuli.table["valence"] == [0.5, -1]


def test_what_is_no_list_and_no_folder_is_said(
    panel: StimuliPanel, wait: Wait, tmp_path: Path
) -> None:
    (tmp_path / "notes.csv").write_text("nothing here\n1\n", encoding="utf-8")
    dialog = import_dialog(panel, tmp_path / "notes.csv")
    dialog._accept()
    finished(panel, wait)
    assert "notes.csv" in banner(panel, "task").text
    assert names(panel) == []


@pytest.mark.parametrize("ending", ["", ".npz", ".stim.csv"])
def test_a_set_that_was_exported_comes_back_equal(
    panel: StimuliPanel, wait: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    from app.panels.stimuli.sets import FORMATS

    before = made(panel, wait)
    path = tmp_path / f"out{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out"), ""))
    menu = QMenu()
    panel.sets.fill_export_menu(menu)
    words = next(words for words, end, _ in FORMATS if end == ending)
    next(one for one in menu.actions() if one.text() == words).trigger()
    menu.deleteLater()
    finished(panel, wait)
    assert path.exists()
    assert f"{path.name} was written" in panel.window_.status.message.text()
    panel.window_.take_file(path)
    finished(panel, wait)
    after = on_screen(panel)
    assert after is not before
    assert len(names(panel)) == 2
    assert np.array_equal(after.images, before.images)
    assert after.names == before.names
    if ending != ".stim.csv":
        assert after.table == before.table
        assert after.synthetic == before.synthetic
        assert after.generator == before.generator


def test_an_export_that_cannot_be_written_is_said(
    panel: StimuliPanel, wait: Wait, tmp_path: Path
) -> None:
    put(panel, "mine")
    (tmp_path / "file").write_text("here", encoding="utf-8")
    panel.sets.export_to(tmp_path / "file" / "out.npz")
    finished(panel, wait)
    assert "out.npz" in banner(panel, "task").text


# ---- sending, words, threads -------------------------------------------------------------


def test_a_set_goes_to_the_stage_as_a_pool(panel: StimuliPanel, wait: Wait) -> None:
    stimuli = made(panel, wait)
    panel.browser.send_asked.emit("stage")
    stage = panel.window_.panels["stage"]
    assert panel.window_.panel == "stage"
    pool = stage.design.sources[-1]
    assert (pool.name, pool.count) == ("gratings", 6)
    from backend.stage.stimuli import Stimuli

    drawn_there = Stimuli(stage.design).image("gratings:4")
    assert np.array_equal(drawn_there, stimuli.images[4])
    panel.window_.undo()
    assert stage.design.sources[-1].name != "gratings"


def test_a_picture_goes_to_the_retina(panel: StimuliPanel, wait: Wait) -> None:
    panel.show_generator("topology")
    panel.history.set_values({"n": 3}, "few")
    press(panel)
    finished(panel, wait)
    panel.browser.table.selectRow(1)
    panel.browser.send_asked.emit("simulate")
    page = panel.window_.page
    assert page is not None
    assert page.controller.study.id == "gap-junction-topology"
    assert page.banners.banners == {}
    assert str(panel.sets.store.root.parent / "sent") in str(page.controller.parameters)


def test_the_script_makes_the_same_bytes(
    panel: StimuliPanel, wait: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.stimuli import set_files

    stimuli = made(panel, wait)
    (tmp_path / "make.py").write_text(panel.script(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("make.py")
    again = set_files.load(tmp_path / "gratings")
    assert np.array_equal(again.images, stimuli.images)
    assert again.table == stimuli.table


def test_methods_can_be_copied(panel: StimuliPanel) -> None:
    from app.dialogs.about import TextDialog

    panel.show_methods()
    dialog = panel.window_.findChildren(TextDialog)[-1]
    assert dialog.windowTitle() == "Methods"
    assert "gratings" in panel.generator.methods(panel.history.parameters).lower()
    dialog.reject()


def test_garbage_is_collected_in_the_window_s_thread_only(panel: StimuliPanel, wait: Wait) -> None:
    threads: list[str] = []

    def told(phase: str, info: dict[str, int]) -> None:
        threads.append(threading.current_thread().name)

    class Knot(QObject):
        """A Qt object in a cycle: only the collector can destroy it."""

        def __init__(self) -> None:
            super().__init__()
            self.me = self

    gc.callbacks.append(told)
    try:
        destroyed: list[str] = []
        for _ in range(20):
            knot = Knot()
            knot.destroyed.connect(lambda: destroyed.append(threading.current_thread().name))
        del knot
        keep: list[list[int]] = []

        def work(task: Any) -> int:
            keep.extend([[i] for i in range(100_000)])
            return len(keep)

        panel.start_task("Allocate", work, lambda result: None)
        for value in range(20):
            panel.history.set_value("contrast", 0.3 + value / 100)
        finished(panel, wait)
        wait(lambda: len(destroyed) == 20)
    finally:
        gc.callbacks.remove(told)
    assert set(threads) == {"MainThread"}
    assert set(destroyed) == {"MainThread"}


def test_hidden_the_studio_rests(panel: StimuliPanel, wait: Wait) -> None:
    drawn(panel, wait)
    panel.window_.show_panel("home")
    assert not panel.frame_timer.isActive()
    assert not panel.slow_timer.isActive()
    panel.window_.show_panel("stimuli")
    assert panel.frame_timer.isActive()
    assert np.ptp(drawn(panel, wait)) > 0


def test_selecting_many_rows_keeps_the_last_in_front(panel: StimuliPanel) -> None:
    stimuli = put(panel, "mine")
    selection = panel.browser.table.selectionModel()
    flags = QItemSelectionModel.SelectionFlag
    for row in (1, 3):
        index = panel.browser.table_model.index(row, 0)
        selection.setCurrentIndex(index, flags.Select | flags.Rows)
    assert np.array_equal(shown(panel), stimuli.images[3])  # type: ignore[arg-type]
