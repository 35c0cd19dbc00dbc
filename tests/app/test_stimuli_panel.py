"""The stimulus studio as a user sees it: generators, dragging, making a set, sending it on."""

from __future__ import annotations

import gc
import runpy
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from studio_tools import (
    LEFT,
    Wait,
    banner,
    drawn,
    finished,
    made,
    names,
    on_screen,
    press,
    put,
    shown,
    small,
)  # fmt: skip

from app.panels.stimuli.panel import StimuliPanel
from app.window import MainWindow
from backend.stimuli.generators import ids


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
        wait(lambda: panel.board.drafts is not None and bool(panel.board.drafts.fresh), 60_000)
        wanted = [i for i in sheet.visible_range() if i < len(sheet.source)][:8]
        wait(lambda: all(sheet.source.thumbnail(i) is not None for i in wanted))  # noqa: B023
        assert "images. Memory while making" in panel.foot.text()
        assert panel.strip.primary.isEnabled()
        assert panel.banners.banners == {}
    wait(lambda: set(model.pictures) == set(ids()), 60_000)


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
    assert panel.work.task is None
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
    task = panel.work.task
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
    task = panel.work.task
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
    assert asked == ["Make gratings. What is made so far is lost."]
    assert panel.window_.isVisible()
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[0])
    gate.release(100)
    panel.window_.close()
    assert not panel.window_.isVisible()
    assert panel.work.task is not None
    assert panel.work.task.outcome == "cancelled"
    assert list(panel.sets.store.root.iterdir()) == []


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


def test_a_set_goes_to_the_explorer(panel: StimuliPanel, wait: Wait) -> None:
    panel.show_generator("shapes")
    panel.history.set_values({"n": 2}, "few")
    press(panel)
    finished(panel, wait)
    n = len(panel.sets.current[1])  # type: ignore[index]
    panel.browser.send_asked.emit("explorer")
    explorer = panel.window_.panels["explorer"].explore
    wait(lambda: explorer.board.shown is not None and len(explorer.board.explorer.images) == n,
         30_000)  # fmt: skip
    assert explorer.parameters.pictures == "own"
    assert explorer.banners.banners.get("open") is None


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

        panel.work.start("Allocate", work, lambda result: None)
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
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    timers = [one for one in panel.findChildren(QTimer, options=direct) if not one.isSingleShot()]
    assert timers
    assert not any(timer.isActive() for timer in timers)
    panel.window_.show_panel("stimuli")
    assert all(timer.isActive() for timer in timers)
    assert np.ptp(drawn(panel, wait)) > 0


def test_selecting_many_rows_keeps_the_last_in_front(panel: StimuliPanel) -> None:
    stimuli = put(panel, "mine")
    selection = panel.browser.table.selectionModel()
    flags = QItemSelectionModel.SelectionFlag
    for row in (1, 3):
        index = panel.browser.table_model.index(row, 0)
        selection.setCurrentIndex(index, flags.Select | flags.Rows)
    assert np.array_equal(shown(panel), stimuli.images[3])  # type: ignore[arg-type]
