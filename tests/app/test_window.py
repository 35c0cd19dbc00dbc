"""What a user does in the first minutes, and what must never end the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest

from app.actions import ACTIONS, PANELS
from app.panels.simulate.page import StudyPage
from app.window import MainWindow
from backend.core.run import Run, driven
from backend.studies import find, ids

RETINA, BALANCED = "gap-junction-topology", "ei-balanced-network"
Wait = Callable[..., None]


def running(window: MainWindow, wait: Wait, study: str = RETINA, **values: object) -> StudyPage:
    """A page whose run is alive."""
    page = window.open_study(study)
    if values:
        page.controller.set_values(values, "test")
    page.run_or_pause()
    job = page.controller.job
    assert job is not None, page.form.errors
    wait(lambda: job.run.clock > 0 or job.run.done is not None or job.finished)
    return page


def test_a_card_opens_and_runs(window: MainWindow, wait: Wait) -> None:
    home = window.panels["home"]
    home.cards.setFocus()
    QTest.keyClick(home.cards, Qt.Key.Key_Return)
    page = window.page
    assert page is not None
    assert page.controller.study.id == ids()[0]
    job = page.controller.job
    assert job is not None
    wait(lambda: any(channel.revision > 2 for channel in job.run.channels.values()))
    wait(lambda: page.strip.chip.text() == "Running")
    assert window.rail.buttons["simulate"].alive


def test_the_retina_counts_three_volleys_for_one_hole(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(RETINA)
    page.run_or_pause()
    job = page.controller.job
    assert job is not None
    wait(lambda: job.finished)
    wait(lambda: page.strip.chip.text() == "Done")
    assert job.run.result["temporal_volleys"] == 3
    verdicts = [str(line.verdict) for line in page.result.model.lines[:2]]
    assert verdicts == ["agree", "agree"]
    assert page.board.replay.isVisible()
    page.board.replay.show_index(3)
    assert page.board.replay.field.value() == pytest.approx(0.15, abs=0.02)


def test_the_primary_button_pauses_and_continues_and_step_steps(
    window: MainWindow, wait: Wait
) -> None:
    page = running(window, wait, BALANCED)
    job = page.controller.job
    assert job is not None
    QTest.mouseClick(page.strip.primary, Qt.MouseButton.LeftButton)
    wait(lambda: page.strip.chip.text() == "Paused" and page.strip.primary.text() == "Continue")
    wait(lambda: page.strip.step.isEnabled())
    steps, looks = None, 0

    def still() -> bool:
        """Unchanged for thirty looks: a block that was under way has ended."""
        nonlocal steps, looks
        before, steps = steps, job.run.steps
        looks = looks + 1 if before == steps else 0
        return looks >= 30

    wait(still)
    QTest.mouseClick(page.strip.step, Qt.MouseButton.LeftButton)
    wait(lambda: job.run.steps == (steps or 0) + 1)
    QTest.mouseClick(page.strip.primary, Qt.MouseButton.LeftButton)
    wait(lambda: job.run.steps > (steps or 0) + 10)
    page.stop()
    wait(lambda: job.finished)
    assert job.state == "done"


def test_a_live_parameter_acts_while_dragged_and_is_one_step_of_undo(
    window: MainWindow, wait: Wait
) -> None:
    page = running(window, wait, BALANCED)
    controller = page.controller
    job = controller.job
    assert job is not None
    before = controller.parameters.theta
    for value in (14.0, 13.0, 12.0):
        page.form.changing.emit("theta", value)
    page.form.changed.emit("theta", 12.0)
    wait(lambda: job.run.parameters.theta == 12.0)
    assert controller.undo_stack.count() == 1
    assert page.header.changed.text() == "1 changed"
    window.undo()
    wait(lambda: job.run.parameters.theta == before)
    window.redo()
    wait(lambda: job.run.parameters.theta == 12.0)


def test_a_rebuild_waits_for_its_button_and_the_old_network_goes_on(
    window: MainWindow, wait: Wait
) -> None:
    page = running(window, wait, BALANCED)
    job = page.controller.job
    assert job is not None
    page.controller.set_value("seed", 5)
    wait(lambda: page.strip.rebuild.isVisible())
    assert job.run.parameters.seed == 0
    steps = job.run.steps
    QTest.mouseClick(page.strip.rebuild, Qt.MouseButton.LeftButton)
    wait(lambda: job.run.parameters.seed == 5, 20_000)
    wait(lambda: job.run.steps > steps)
    wait(lambda: not job.run.rebuilding, 20_000)
    assert not job.finished


@pytest.mark.parametrize("preset", ["Figure 5E-F", "Figure 3", "Figure 2B"])
def test_the_window_and_the_command_line_give_the_same_spikes(
    window: MainWindow, wait: Wait, preset: str
) -> None:
    page = window.open_study(BALANCED)
    page.choose_preset(preset)
    if preset == "Figure 3":
        page.controller.set_value("n", 1000)
    page.run_or_pause()
    job = page.controller.job
    assert job is not None
    wait(lambda: job.run.clock > 5)
    job.run.pause()
    wait(lambda: page.strip.chip.text() == "Paused")
    page.single_step()
    job.run.resume()
    before = job.run.clock
    wait(lambda: job.run.clock > before + 5)
    page.stop()
    wait(lambda: job.finished)
    seen = job.run.offers["spikes"].make()
    with driven(
        Run(page.controller.study, job.start_parameters, "free", (), job.run.clock)
    ) as alone:
        page.controller.study.run(alone)
    other = alone.offers["spikes"].make()
    assert sum(len(times) for _, times in seen.layers.values()) > 0
    for layer, (index, times) in seen.layers.items():
        np.testing.assert_array_equal(index, other.layers[layer][0])
        np.testing.assert_array_equal(times, other.layers[layer][1])


def test_a_preset_chosen_while_running_ends_the_run_and_goes_on(
    window: MainWindow, wait: Wait
) -> None:
    page = running(window, wait, BALANCED)
    first = page.controller.job
    assert first is not None
    page.choose_preset("Figure 2B")
    wait(lambda: page.controller.job is not first)
    second = page.controller.job
    assert second is not None
    assert first.outcome == "done"
    assert second.run.parameters.mode == "S1"
    assert not first.run.changes
    page.stop()
    wait(lambda: second.finished)


def test_f1_explains_the_focused_field(window: MainWindow) -> None:
    page = window.open_study(RETINA)
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    page.form.rows["J"].field.setFocus()
    window.field_help()
    assert "from 0 to 10" in window.status.message.text()


def test_enter_in_the_preferences_keeps_them(window: MainWindow, wait: Wait) -> None:
    from app.dialogs.preferences import Preferences

    window.set_preferences(window.settings.changed(high_contrast=True))
    window.preferences()
    (dialog,) = window.findChildren(Preferences)
    wait(dialog.isVisible)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert window.settings.high_contrast
    dialog.close()
    window.set_preferences(window.settings.changed(high_contrast=False))


def test_a_new_session_shows_no_old_results(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(RETINA)
    page.run_or_pause()
    wait(lambda: page.strip.chip.text() == "Done")
    window.keeper.new()
    fresh = window.open_study(RETINA)
    assert fresh is not page
    assert fresh.controller.job is None


def test_a_refused_value_says_its_limit_and_the_old_one_stays(window: MainWindow) -> None:
    page = window.open_study(RETINA)
    page.form._enter("J", "500")
    assert "goes from 0 to 10" in page.form.errors["J"]
    assert page.controller.parameters.J == 3.0
    page.run_or_pause()
    assert page.controller.job is None


def test_a_setting_that_cannot_run_is_refused_with_its_fix(window: MainWindow) -> None:
    page = window.open_study(RETINA)
    page.controller.set_values({"J": 10.0, "dt": 0.1}, "test")
    page.run_or_pause()
    assert page.controller.job is None
    banner = page.banners.banners["problem"]
    assert "ms" in banner.text
    (button,) = banner.buttons
    banner.acted.emit(button[0])
    assert page.controller.parameters.dt < 0.1
    page.run_or_pause()
    assert page.controller.job is not None


def test_the_count_follows_the_breach_while_it_is_dragged(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(RETINA)
    page.run_or_pause()
    wait(lambda: page.strip.chip.text() == "Done")
    kept = len(window.runner.store.records())
    for angle in range(0, 61, 5):
        page.form.changing.emit("breach", float(angle))
        QTest.qWait(1)
    page.form.changed.emit("breach", 60.0)

    def volleys() -> float:
        job = page.controller.job
        assert job is not None
        same = job.run.parameters.breach == 60.0
        return job.run.result["temporal_volleys"] if same and job.finished else 0

    wait(lambda: volleys() == 2)
    assert page.board.replay.isVisible()
    assert len(window.runner.store.records()) == kept
    wait(lambda: len(window.runner.jobs) == 1)
    page.run_or_pause()
    wait(lambda: len(window.runner.store.records()) == kept + 1)
    wait(lambda: not window.runner.alive)


def test_results_of_other_settings_say_so(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(RETINA)
    page.run_or_pause()
    wait(lambda: page.strip.chip.text() == "Done")
    page.controller.set_value("seed", 4)
    wait(lambda: "other settings" in page.board.views["sheet"].header.chip.text())
    window.undo()
    wait(lambda: page.board.views["sheet"].header.chip.isHidden())


def test_painting_over_the_hole_changes_the_true_count(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(RETINA)
    wait(lambda: page.board.views["figure"].editor.painting is not None)
    editor = page.board.views["figure"].editor
    editor.set_tool("fill")
    editor._press(39.0, 39.0)
    assert page.controller.parameters.figure == "painted"
    page.run_or_pause()
    job = page.controller.job
    assert job is not None
    wait(lambda: job.finished)
    assert job.run.result["true_holes"] == 0
    assert job.run.result["temporal_volleys"] == 2
    window.undo()
    assert page.controller.parameters.figure == "ring"


def test_a_measurement_shows_progress_and_can_be_cancelled(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(RETINA)
    page.choose_preset("Figure 6")
    page.measure()
    job = page.controller.job
    assert job is not None
    wait(lambda: bool(job.run.done) and job.run.done[0] > 0)
    wait(lambda: page.strip.progress.isVisible())
    page.stop()
    wait(lambda: job.finished)
    assert job.state == "cancelled"
    wait(lambda: "Incomplete" in page.result.warning.text())


@pytest.mark.parametrize("study", ids())
@pytest.mark.slow
def test_twenty_times_open_run_reconfigure_cancel_close_without_growth(
    window: MainWindow, wait: Wait, study: str
) -> None:
    import gc

    import psutil

    process = psutil.Process()
    sizes = []
    for number in range(20):
        page = running(window, wait, study, seed=number)
        job = page.controller.job
        assert job is not None
        job.run.cancel()
        wait(lambda job=job: job.finished)
        page.choose_preset(find(study).presets[number % 3].name)
        window.show_panel("home")
        gc.collect()
        sizes.append(process.memory_info().rss / 1e6)
    assert len(window.runner.jobs) == 1
    assert np.median(sizes[-5:]) - np.median(sizes[5:10]) < 40, sizes


STORMS = {
    RETINA: ("J", "gamma", "s", "mu_black", "mu_gray", "tau", "outer_radius"),
    BALANCED: ("theta", "tau_e", "tau_i", "k", "amplitude", "radius", "bg", "sigma_bg", "window"),
}


@pytest.mark.parametrize("study", STORMS)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=st.lists(st.tuples(st.integers(0, 8), st.floats(0, 1)), min_size=5, max_size=40))
def test_slider_storms_never_stop_the_model_or_the_window(
    window: MainWindow, wait: Wait, study: str, moves: list[tuple[int, float]]
) -> None:
    page = window.open_study(study)
    if not page.controller.alive:
        if study == RETINA:
            page.controller.set_values({"duration": 100.0}, "long")
        page.run_or_pause()
    job = page.controller.job
    assert job is not None
    names = STORMS[study]
    for number, share in moves:
        declared = page.form.declarations[names[number % len(names)]]
        value = (declared.low or 0) + share * ((declared.high or 1) - (declared.low or 0))
        good = page.controller.study.Parameters.parse(declared.name, value)
        page.form.changing.emit(declared.name, good)
    steps = job.run.steps
    wait(lambda: job.finished or job.run.steps > steps)
    assert job.state in ("running", "done"), job.failure


def test_every_action_can_be_called_without_a_study(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QDialog, QFileDialog, QMenu, QMessageBox

    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a, **k: ("", ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, **k: ("", ""))
    monkeypatch.setattr(QMessageBox, "exec", lambda self: 0)
    for panel in (entry.id for entry in PANELS):
        window.show_panel(panel)
        for action in ACTIONS:
            if action.id not in ("file.quit", "run.primary", "run.measure", "run.restart"):
                window.do(action)
        for dialog in window.findChildren(QDialog):
            dialog.close()
        for menu in window.findChildren(QMenu):
            menu.close()


def test_the_palette_finds_and_does(window: MainWindow, wait: Wait) -> None:
    window.open_palette("#one hole")
    palette = window.palette_
    assert palette is not None
    assert palette.model.rowCount() >= 1
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.page is not None
    assert window.page.controller.study.id == RETINA
    assert not palette.isVisible()


def test_dropped_pictures_become_the_figure(window: MainWindow, tmp_path: Path, wait: Wait) -> None:
    from PIL import Image

    picture = tmp_path / "Bild ä 1.png"
    grey = np.full((100, 100), 255, np.uint8)
    grey[30:70, 30:70] = 0
    Image.fromarray(grey).save(picture)
    page = window.open_study(RETINA)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(picture))])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    window.dropEvent(event)
    assert page.controller.parameters.figure == "picture"
    page.run_or_pause()
    job = page.controller.job
    assert job is not None
    wait(lambda: job.finished)
    assert job.run.result["temporal_volleys"] == 2
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG not really")
    window.take_file(broken)
    assert "broken.png" in page.banners.banners["problem"].title_text
    window.take_file(tmp_path / "notes.xyz")
    assert "does not fit" in page.banners.banners["problem"].title_text


def test_closing_while_running_asks_once_and_keeps_the_run(
    window: MainWindow, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QMessageBox

    page = running(window, wait, BALANCED)
    job = page.controller.job
    assert job is not None
    asked: list[str] = []

    def stay(box: QMessageBox) -> int:
        asked.append(box.informativeText())
        return 0

    monkeypatch.setattr(QMessageBox, "exec", stay)
    window.close()
    assert window.isVisible()
    assert len(asked) == 1
    assert "Balanced" in asked[0]
    assert not job.finished


def test_script_methods_and_about(window: MainWindow, wait: Wait) -> None:
    from app.dialogs.about import system_report

    page = window.open_study(RETINA)
    page.controller.set_value("J", 4.5)
    window.commands.show_script()
    wait(lambda: "'J': 4.5" in window.script.toPlainText())
    compile(window.script.toPlainText(), "script", "exec")
    report = system_report()
    for word in ("Isomorph", "processor", "numpy", "PySide6"):
        assert word in report


def test_undo_works_while_the_caret_is_in_a_number_field(window: MainWindow) -> None:
    page = window.open_study(RETINA)
    field = page.form.rows["J"].field
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "4.5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert page.controller.parameters.J == 4.5
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert page.controller.parameters.J == 3.0


def test_theme_switches_and_stays(window: MainWindow) -> None:
    from app import settings as preferences
    from widgets import theme

    window.switch_theme()
    assert theme.is_dark()
    assert preferences.load().theme == "dark"
    window.switch_theme()
    assert not theme.is_dark()


def test_shortcuts_work_again_after_a_menu_greyed_them(window: MainWindow, wait: Wait) -> None:
    window.menus["Run"].popup(window.mapToGlobal(window.rect().center()))
    assert not window.actions_["run.stop"].isEnabled()
    window.menus["Run"].close()
    wait(lambda: window.actions_["run.stop"].isEnabled())


def test_another_font_size_keeps_what_was_set(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(RETINA)
    page.controller.set_value("J", 4.5)
    page.run_or_pause()
    wait(lambda: page.strip.chip.text() == "Done")
    window.set_preferences(window.settings.changed(font_size=13))
    again = window.page
    assert again is not None
    assert again is not page
    assert again.controller.parameters.J == 4.5
    assert again.controller.job is not None
    assert again.strip.height() > 50
    window.set_preferences(window.settings.changed(font_size=9))


def test_undo_of_the_editor_and_of_the_window_are_one(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(RETINA)
    view = page.board.views["figure"]
    wait(lambda: view.editor.painting is not None)
    view.editor.set_tool("disc")
    for x in (10.0, 70.0):
        view.editor._press(x, 10.0)
        view.editor._release(x + 5, 10.0)
    drawn = page.controller.parameters.drawing
    assert page.controller.undo_stack.count() == 2
    view.undo_asked.emit()
    first = page.controller.parameters.drawing
    assert first != drawn
    window.undo()
    assert page.controller.parameters.figure == "ring"
    view.redo_asked.emit()
    assert page.controller.parameters.drawing == first

    def discs() -> list[bool]:
        pixels = view.editor.painting.pixels
        return [bool(pixels[10, 12] > 0.5), bool(pixels[10, 72] > 0.5)]

    wait(lambda: discs() == [True, False])


def test_a_layout_of_one_view_gives_that_view_back(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(BALANCED)
    board = page.board
    for name in ("density", "S1", "curve", "S3", "density", "S1"):
        board.show_layout(name)
        QTest.qWait(1)
        assert all(view.view.title for view in board.in_sight())
    board.views["voltage_s1"].set_running(True)
