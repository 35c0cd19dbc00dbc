"""The designer of the stage: templates, edits under undo, durations in frames, files, monitors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog

from app.panels.stage.designer import new_design
from app.panels.stage.monitor_dialog import MonitorDialog
from app.panels.stage.panel import StagePanel
from app.window import MainWindow
from backend.stage import monitors
from backend.stage.templates import TEMPLATES, template

Wait = Callable[..., None]


@pytest.fixture
def panel(window: MainWindow) -> StagePanel:
    window.show_panel("stage")
    made = window.panels["stage"]
    assert isinstance(made, StagePanel)
    return made


def words(panel: StagePanel) -> list[str]:
    """What the designer's banners say."""
    return [banner.text for banner in panel.designer.banners.banners.values()]


def test_every_template_opens_and_a_trial_of_it_can_be_seen(panel: StagePanel, wait: Wait) -> None:
    for identifier in TEMPLATES:
        panel.player.playback = None
        panel.open_template(identifier)
        assert panel.strip.primary.isEnabled(), panel.why_not
        wait(lambda: panel.player.playback is not None, 30_000)
        playback = panel.player.playback
        assert playback is not None
        panel.player.slider.setValue(playback.start_of_onset())
        assert panel.player.mirror.layers, identifier
        assert not panel.player.problem.isVisible()
    assert panel.choose.currentData() == identifier


def test_playing_runs_to_the_end_and_stops(panel: StagePanel, wait: Wait) -> None:
    panel.open_template("topology-hole-disc")
    wait(lambda: panel.player.playback is not None, 30_000)
    panel.play_trial()
    assert panel.player.playing
    panel.player.slider.setValue(0)
    wait(lambda: panel.player.slider.value() > 3, 10_000)
    panel.player.toggle()
    assert not panel.player.playing


@pytest.mark.parametrize(
    ("table", "row", "field", "value", "read"),
    [
        ("phases", 1, "ms", 100.0, lambda d: d.trial_kinds[0].phases[1].ms),
        ("phases", 0, "name", "cross", lambda d: d.trial_kinds[0].phases[0].name),
        ("items", 0, "size_deg", 2.0, lambda d: d.trial_kinds[0].phases[0].items[0].size_deg),
        ("blocks", 0, "repeats", 3, lambda d: d.blocks[0].repeats),
        ("rows", 2, "correct", "seen", lambda d: d.blocks[0].trials[2]["correct"]),
        ("keys", 0, "key", "g", lambda d: d.keys[0].key),
        ("triggers", 0, "code", 9, lambda d: next(iter(d.triggers.values()))),
        ("sources", 0, "first", 3, lambda d: d.sources[0].first),
    ],
)
def test_an_edit_is_one_step_of_undo(
    panel: StagePanel, table: str, row: int, field: str, value: Any, read: Callable[[Any], Any]
) -> None:
    panel.open_template("oddball")
    before, steps = panel.design, panel.undo_stack.index()
    getattr(panel.designer, table).view.selectRow(row)
    getattr(panel.designer, table).edited.emit(row, field, value)
    assert read(panel.design) == value
    assert panel.undo_stack.index() == steps + 1
    panel.undo_stack.undo()
    assert panel.design == before
    panel.undo_stack.redo()
    assert read(panel.design) == value


@pytest.mark.parametrize(
    ("table", "row", "field", "value"),
    [
        ("phases", 0, "ms", "soon"), ("phases", 0, "ms", -1.0), ("items", 0, "opacity", 7.0),
        ("keys", 0, "key", " "), ("triggers", 0, "code", 0),
        ("blocks", 0, "repeats", 0), ("sources", 0, "count", 0),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_refused_in_words_and_nothing_is_lost(
    panel: StagePanel, table: str, row: int, field: str, value: Any
) -> None:
    panel.open_template("oddball")
    before, steps = panel.design, panel.undo_stack.index()
    getattr(panel.designer, table).view.selectRow(row)
    getattr(panel.designer, table).edited.emit(row, field, value)
    assert panel.design == before
    assert panel.undo_stack.index() == steps
    assert words(panel)
    assert "Traceback" not in words(panel)[-1]


def test_phases_are_added_copied_moved_and_removed(panel: StagePanel) -> None:
    panel.open_template("topology-hole-disc")
    table = panel.designer.phases

    def names() -> list[str]:
        return [phase.name for phase in panel.design.trial_kinds[0].phases]

    start = names()
    table.add_asked.emit()
    assert names() == [*start, "phase"]
    table.copy_asked.emit(0)
    assert names()[:2] == [start[0], f"{start[0]} 2"]
    table.move_asked.emit(1, 1)
    assert names()[2] == f"{start[0]} 2"
    table.remove_asked.emit([2, len(names()) - 1])
    assert names() == start
    for _ in range(4):
        panel.undo_stack.undo()
    assert names() == start


def test_deleting_everything_says_what_is_missing_and_undo_brings_it_back(
    panel: StagePanel,
) -> None:
    panel.open_template("oddball")
    before = panel.design
    for table in ("rows", "blocks", "keys", "triggers", "sources"):
        records = getattr(panel.designer, table)
        while records.model.records:
            count = len(records.model.records)
            records.remove_asked.emit(list(range(count)))
            assert len(records.model.records) < count
    panel.designer._remove_kind()
    assert "no blocks" in panel.why_not
    panel.undo_stack.setIndex(1)
    assert panel.design == before


def test_a_right_answer_that_no_key_gives_is_said_before_anyone_is_tested(
    panel: StagePanel,
) -> None:
    panel.open_template("oddball")
    panel.designer.rows.edited.emit(0, "correct", "sen")
    assert 'trial 1: no answer key means "sen"' in panel.why_not
    panel.undo_stack.undo()
    assert not panel.why_not


def test_rows_are_pasted_with_their_columns(panel: StagePanel) -> None:
    panel.desk.change("new design", new_design())
    QApplication.clipboard().setText("stimulus\tcorrect\tlevel\ngratings:0\tleft\t0.5\n")
    panel.designer.paste_rows()
    assert panel.design.blocks[0].trials[-1] == {
        "stimulus": "gratings:0", "correct": "left", "level": 0.5,
    }  # fmt: skip
    QApplication.clipboard().setText("nothing")
    panel.designer.paste_rows()
    assert "no table" in words(panel)[-1]


def test_a_renamed_trial_kind_keeps_its_blocks(panel: StagePanel) -> None:
    panel.open_template("oddball")
    panel.designer.rename_kind("beep")
    assert panel.design.blocks[0].kind == "beep"
    assert panel.player.plan is not None


def test_a_block_can_become_a_staircase_and_its_levels_are_typed(panel: StagePanel) -> None:
    panel.desk.change("new design", new_design())
    form = panel.designer.block_form
    form._enter("how", "staircase")
    form._enter("levels", "1 2 4 8")
    form._enter("reversals", "6")
    method = panel.design.blocks[0].method
    assert method is not None
    assert (method.kind, method.levels, method.reversals) == ("staircase", (1, 2, 4, 8), 6)
    form._enter("levels", "many")
    assert "holds no levels" in words(panel)[-1]


def test_ten_pictures_a_second_do_not_fit_75_hz_and_one_button_mends_it(
    panel: StagePanel,
) -> None:
    panel.open_template("rsvp-pedestrians")
    panel.screens.use_monitor(monitors.MonitorProfile(hz=75.0))
    banner = panel.designer.banners.banners["frames"]
    assert "10 pictures a second do not fit a 75 Hz screen" in banner.text
    assert "7.50 frames" in panel.designer.timeline.accessibleDescription()
    banner.acted.emit("nearest")
    assert "frames" not in panel.designer.banners.banners
    assert panel.player.plan is not None
    panel.undo_stack.undo()
    assert "frames" in panel.designer.banners.banners


def test_general_settings_are_kept_and_a_bad_task_is_refused(panel: StagePanel) -> None:
    form = panel.designer.general
    form._enter("title", "My experiment")
    form._enter("photodiode", True)
    form._enter("order", "latin square")
    assert panel.design.title == "My experiment"
    assert panel.design.photodiode
    assert panel.design.counterbalance.blocks == "latin square"
    form._enter("task", "two words")
    assert "task" in form.errors
    assert panel.design.task != "two words"


def test_a_design_is_saved_and_opened(
    panel: StagePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.open_template("shape-transfer-a")
    path = tmp_path / "mine.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: (str(path), ""))
    panel.ask_save()
    assert path.with_suffix(".tsv").exists()
    saved = panel.design
    panel.new()
    assert panel.take_file(path)
    assert panel.design == saved


@pytest.mark.parametrize("content", ["", "{}", '{"isomorph": "design", "format": 99}', "\x00\xff"])
def test_a_file_that_is_no_design_is_said(panel: StagePanel, tmp_path: Path, content: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(content, encoding="latin-1")
    before = panel.design
    assert not panel.take_file(path)
    assert panel.design == before
    assert "wrong.json" in panel.banners.banners["say"].text


def test_a_monitor_profile_is_edited_kept_and_refused(panel: StagePanel) -> None:
    dialog = MonitorDialog(panel.screens.monitor, panel)
    dialog.accepted_with.connect(panel.screens._keep_monitor)
    dialog.form._enter("distance_mm", "5")
    assert "distance_mm" in dialog.form.errors
    dialog.form._enter("distance_mm", "680")
    dialog.form._enter("name", "Room 2")
    assert "1°" in dialog.words.text()
    dialog._accept()
    assert panel.screens.monitor.distance_mm == 680
    assert [one.name for one in monitors.profiles()] == ["Room 2"]
    assert panel.screens.monitors.currentText() == "Room 2"


def test_the_session_keeps_design_and_settings(window: MainWindow, panel: StagePanel) -> None:
    panel.open_template("oddball")
    panel.history.set_value("subject", "07")
    kept = window.keeper.collect()
    json.dumps(kept.document())
    panel.open_template("face-old-new")
    panel.history.set_value("subject", "08")
    window.keeper.take(kept)
    assert panel.design.name == template("oddball").name
    assert panel.history.parameters.subject == "07"
    assert panel.next_stem.startswith("sub-07_ses-01")


def test_script_and_methods_say_what_is_shown(panel: StagePanel) -> None:
    panel.open_template("oddball")
    code = panel.script()
    compile(code, "script", "exec")
    assert '"oddball"' in code
    from backend.stage.script import write_methods

    text = write_methods(panel.design, panel.screens.monitor, 60.0)
    assert "frames" in text
    assert "synthetic" in text
