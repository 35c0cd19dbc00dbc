"""Stimulus sets in the studio: edits under undo, dialogs, import and export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu
from studio_tools import (
    LEFT,
    Wait,
    banner,
    finished,
    made,
    names,
    on_screen,
    put,
)  # fmt: skip

from app.panels.stimuli.action_dialog import ActionDialog
from app.panels.stimuli.import_dialog import ImportDialog
from app.panels.stimuli.panel import StimuliPanel
from app.window import MainWindow
from backend.stimuli.set_actions import ACTIONS, action
from backend.stimuli.stimulus_set import StimulusSet

EDIT = Qt.ItemDataRole.EditRole


@pytest.fixture
def panel(window: MainWindow) -> StimuliPanel:
    window.show_panel("stimuli")
    made = window.panels["stimuli"]
    assert isinstance(made, StimuliPanel)
    made.show_generator("gratings")
    return made


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
        assert panel.work.task is not None
        assert panel.work.task.outcome == "done", (one.id, panel.work.task.failure)
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
    assert panel.work.task is not None
    assert panel.work.task.outcome == "done", panel.work.task.failure
    return on_screen(panel)


def test_a_folder_comes_in_and_the_broken_file_is_named(
    panel: StimuliPanel, wait: Wait, tmp_path: Path
) -> None:
    stimuli = imported(panel, wait, pictures(tmp_path / "animals"))
    assert stimuli.name == "animals"
    assert stimuli.images.shape[:3] == (4, 24, 24)
    assert sorted(stimuli.table["class"]) == ["cats", "cats", "dogs", "dogs"]
    said = banner(panel, "import")
    assert said.title_text == "1 file was left out of animals"
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
