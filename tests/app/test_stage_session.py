"""Sessions from the operator's panel: checked, presented, paused, broken off and resumed."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from stage_tools import read_tsv

from app.panels.stage.diode import DiodeDialog, diode_words
from app.panels.stage.link import StageLink
from app.panels.stage.panel import StagePanel
from app.window import MainWindow
from backend.stage.bids import Session
from backend.stage.design import AnswerKey, Block, Design, Item, Phase, Source, TrialKind
from widgets.banner import Banner

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton
TRIALS = 4
FLIPS = 40


def small_design(trials: int = TRIALS) -> Design:
    """Trials of 200 ms: cross, grating, answer."""
    phases = (
        Phase("fixation", "fixation", 50, (Item("fixation", size_deg=0.5),)),
        Phase("picture", "stimulus", 100, (Item(size_deg=4.0),), answers=True),
        Phase("response", "response", 1500, answers=True, until_answer=True, answered="end"),
    )
    rows: tuple[dict[str, Any], ...] = tuple(
        {"stimulus": f"gratings:{i}", "correct": ("left", "right")[i % 2]} for i in range(trials)
    )
    return Design(
        name="small",
        task="small",
        sources=(Source("gratings", "gratings", parameters={"side": 64}, count=trials),),
        trial_kinds=(TrialKind("choice", phases),),
        keys=(AnswerKey("f", "left"), AnswerKey("j", "right")),
        blocks=(Block("choices", "choice", rows, shuffle=False),),
    )


@pytest.fixture
def panel(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StagePanel:
    """The panel with the small design, a simulated participant and a short check."""
    tell = StageLink.tell

    def short(self: StageLink, do: str, **facts: Any) -> None:
        tell(self, do, **facts, **({"flips": FLIPS} if do == "check" else {}))

    monkeypatch.setattr(StageLink, "tell", short)
    window.show_panel("stage")
    made = window.panels["stage"]
    assert isinstance(made, StagePanel)
    made.desk.change("small design", small_design())
    wanted = {"who": "ideal", "windowed": True, "folder": str(tmp_path / "data")}
    made.history.set_values(wanted, "trial")
    return made


def press(panel: StagePanel) -> None:
    assert panel.strip.primary.isEnabled()
    QTest.mouseClick(panel.strip.primary, LEFT)


def act(panel: StagePanel, key: str, what: str) -> Banner:
    """Press a button of a banner."""
    assert key in panel.banners.banners, list(panel.banners.banners)
    banner = panel.banners.banners[key]
    assert what in [name for name, _ in banner.buttons]
    banner.acted.emit(what)
    return banner


def checked(panel: StagePanel, wait: Wait) -> None:
    press(panel)
    wait(lambda: panel.conduct.state == "ready", 30_000)


def started(panel: StagePanel, wait: Wait) -> None:
    """Check the screen, press start, allow what is amber."""
    if panel.conduct.state != "ready":
        checked(panel, wait)
    press(panel)
    if "allow" in panel.banners.banners:
        act(panel, "allow", "go")
    said = [banner.text for banner in panel.banners.banners.values()]
    assert panel.conduct.state == "running", said


def ended(panel: StagePanel, wait: Wait) -> Banner:
    wait(lambda: panel.conduct.state == "ready" and "end" in panel.banners.banners, 30_000)
    return panel.banners.banners["end"]


def session(panel: StagePanel, number: str = "01") -> Session:
    p = panel.history.parameters
    log = Session(Path(p.folder), p.subject, number, "small")
    log.read()
    return log


def events(panel: StagePanel, number: str = "01") -> list[dict[str, str]]:
    log = session(panel, number)
    return read_tsv(log.folder / f"{log.stem}_events.tsv")


def files(folder: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_a_session_from_the_check_to_the_files_and_then_the_next(
    panel: StagePanel, wait: Wait
) -> None:
    assert panel.strip.primary.text() == "Check the screen"
    checked(panel, wait)
    names = [line.name for line in panel.board.preflight.lines]
    assert {"Refresh rate", "Vertical sync", "Composition"} <= set(names)
    assert "to check" in panel.chip.text()
    assert panel.strip.primary.text() == "Start session"
    press(panel)
    assert panel.conduct.state == "ready"  # amber needs one explicit click
    assert "logged all the same" in panel.banners.banners["allow"].text
    act(panel, "allow", "go")
    assert not panel.designer.isEnabled()
    wait(lambda: panel.window_.rail.buttons["stage"].alive)
    banner = ended(panel, wait)
    assert banner.title_text == "The session is complete"
    assert banner.text.startswith("4 trials are in the folder data")
    assert panel.designer.isEnabled()
    wait(lambda: not panel.window_.rail.buttons["stage"].alive)

    log = panel.board.log.model
    assert [log.data(log.index(row, 0)) for row in range(4)] == ["4", "3", "2", "1"]
    assert [log.data(log.index(row, 6)) for row in range(4)] == ["right", "left", "right", "left"]
    assert panel.board.live is not None
    wait(lambda: panel.board.column.views["numbers"].isVisible())
    assert len(panel.board.live.trials) == 4
    pictures = [row for row in events(panel) if row["trial_type"] == "picture"]
    assert len(pictures) == 4
    folder = Path(panel.history.parameters.folder)
    assert (folder / "dataset_description.json").is_file()
    assert (folder / "participants.tsv").is_file()

    kept = files(folder)
    press(panel)
    if "allow" in panel.banners.banners:
        act(panel, "allow", "go")
    wait(lambda: "refused" in panel.banners.banners)
    assert "is there already; nothing was changed" in panel.banners.banners["refused"].text
    assert files(folder) == kept
    act(panel, "refused", "next")
    assert panel.history.parameters.session == "02"
    ended(panel, wait)
    assert len([r for r in events(panel, "02") if r["trial_type"] == "picture"]) == 4
    panel.stop()
    wait(lambda: not panel.conduct.link.open)
    assert panel.conduct.state == "idle"
    assert "ended" not in panel.banners.banners


def test_pause_continue_stop_and_resume(panel: StagePanel, wait: Wait) -> None:
    panel.desk.change("more trials", small_design(10))
    started(panel, wait)
    wait(lambda: len(panel.board.log.model.events) >= 2, 30_000)
    press(panel)
    assert panel.strip.chip.text() == "Paused"
    assert panel.strip.primary.text() == "Continue"
    seen: list[int] = []

    def still() -> bool:
        seen.append(len(panel.board.log.model.events))
        return len(seen) > 60 and len(set(seen[-50:])) == 1

    wait(still)
    assert panel.conduct.state == "running"
    press(panel)
    wait(lambda: len(panel.board.log.model.events) > seen[-1])
    assert panel.strip.chip.text() == "Presenting"
    QTest.mouseClick(panel.strip.stop, LEFT)
    banner = ended(panel, wait)
    assert banner.title_text == "The session ended early"
    kept = len(session(panel).records)
    assert 0 < kept < 10
    assert banner.text.startswith(f"{kept} trials")
    act(panel, "end", "resume")
    wait(lambda: panel.conduct.state == "ready", 30_000)
    assert len(session(panel).records) == 10
    numbers = [row["trial"] for row in events(panel) if row["trial_type"] == "picture"]
    assert len(numbers) == len(set(numbers)) == 10


def test_resume_after_the_stage_was_closed_opens_it_again(panel: StagePanel, wait: Wait) -> None:
    panel.desk.change("more trials", small_design(6))
    started(panel, wait)
    wait(lambda: len(panel.board.log.model.events) >= 1, 30_000)
    panel.stop()
    ended(panel, wait)
    panel.stop()
    wait(lambda: not panel.conduct.link.open)
    act(panel, "end", "resume")
    wait(lambda: panel.conduct.state == "ready", 30_000)
    assert panel.strip.primary.text() == "Resume session"
    started(panel, wait)
    ended(panel, wait)
    assert len(session(panel).records) == 6


def test_a_killed_stage_is_said_trials_are_kept_and_it_goes_on(
    panel: StagePanel, wait: Wait
) -> None:
    panel.desk.change("more trials", small_design(6))
    started(panel, wait)
    wait(lambda: len(panel.board.log.model.events) >= 2, 30_000)
    os.kill(panel.conduct.link.process.pid, signal.SIGKILL)
    wait(lambda: "ended" in panel.banners.banners)
    text = panel.banners.banners["ended"].text
    assert "Every finished trial is on disk" in text
    assert panel.conduct.state == "idle"
    assert panel.strip.primary.text() == "Check the screen"
    kept = len(session(panel).records)
    assert kept >= 2
    act(panel, "ended", "check")
    wait(lambda: panel.conduct.state == "ready", 30_000)
    assert "ended" not in panel.banners.banners
    assert panel.strip.primary.text() == "Resume session"
    assert panel.next_file.text().startswith("Goes on with sub-01")
    started(panel, wait)
    assert len(panel.board.log.model.events) >= kept  # what is on disk is in the log and result
    ended(panel, wait)
    assert len(session(panel).records) == 6
    assert [event["number"] for event in panel.board.log.model.events] == [1, 2, 3, 4, 5, 6]
    live = panel.board.live
    assert live is not None
    assert {name: value for name, _, value in live.rows()}["Answers"] == "6 of 6"
    assert panel.next_file.text().startswith("There already: sub-01")


def test_closing_the_window_while_presenting_keeps_what_was_shown(
    panel: StagePanel, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(box: QMessageBox) -> int:
        asked.append(box.informativeText())
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    monkeypatch.setattr(QMessageBox, "clickedButton", lambda box: box.buttons()[0])
    panel.desk.change("more trials", small_design(200))
    started(panel, wait)
    wait(lambda: len(panel.board.log.model.events) >= 2, 30_000)
    process = panel.conduct.link.process
    began = time.monotonic()
    panel.window_.close()
    assert time.monotonic() - began < 3.0
    assert process.exitcode == 0
    assert asked == ["Session sub-01_ses-01_task-small"]
    assert not panel.window_.isVisible()
    log = session(panel)
    assert len(log.records) >= 2
    assert log.header["ended"] == "aborted"


def test_the_photodiode_wizard_flashes_and_can_be_stopped(panel: StagePanel, wait: Wait) -> None:
    assert not panel.diode.isEnabled()
    checked(panel, wait)
    QTest.mouseClick(panel.diode, LEFT)
    dialog = panel.findChildren(DiodeDialog)[-1]
    dialog._accept()
    assert panel.strip.chip.text() == "Flashing"
    panel.stop()
    wait(lambda: "diode" in panel.banners.banners)
    assert panel.banners.banners["diode"].title_text == "The flashes were stopped"
    assert panel.conduct.state == "ready"
    panel.stop()
    wait(lambda: not panel.conduct.link.open)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"flashes": 12, "delays": None}, "12 of 60 were shown"),
        ({"flashes": 60, "delays": None}, "each with a trigger"),
        ({"flashes": 60, "delays": []}, "No byte came within 0.2 s"),
        ({"flashes": 60, "delays": [8.0, 9.0]}, "SD 0.50 ms over 2 of 60 flashes"),
    ],
)
def test_what_the_flashes_came_to_is_said(event: dict[str, Any], words: str) -> None:
    assert words in diode_words(event)[1]


def test_the_operator_stays_blind(panel: StagePanel, wait: Wait) -> None:
    panel.history.set_value("blind", True)
    started(panel, wait)
    ended(panel, wait)
    log = panel.board.log.model
    assert {log.data(log.index(row, 6)) for row in range(4)} == {"hidden"}
    assert {log.data(log.index(row, 7)) for row in range(4)} == {""}
    assert panel.board.column.hidden_words.isVisible()
    assert not panel.board.column.area.isVisible()
    panel.history.set_value("blind", False)
    assert log.data(log.index(0, 6)) == "right"
    assert panel.board.column.area.isVisible()


def test_a_red_line_must_be_mended_first(panel: StagePanel, wait: Wait) -> None:
    checked(panel, wait)
    assert panel.conduct.facts is not None
    twin = (panel.conduct.facts.screen, 0, 0, 9999, 9999)
    other = ("second", 0, 0, 9999, 9999)
    panel.conduct.facts = dataclasses.replace(panel.conduct.facts, screens=[twin, other])
    panel.conduct.show_preflight()
    assert "not usable" in panel.chip.text()
    press(panel)
    assert "Mend the red lines first" in panel.banners.banners["say"].text
    assert "allow" not in panel.banners.banners
    assert panel.conduct.state == "ready"


def test_a_design_that_cannot_be_shown_cannot_be_started(panel: StagePanel, wait: Wait) -> None:
    checked(panel, wait)
    assert panel.strip.primary.isEnabled()
    panel.desk.change("no blocks", dataclasses.replace(panel.design, blocks=()))
    assert not panel.strip.primary.isEnabled()
    assert panel.strip.activity.isVisible()
    assert panel.strip.activity.text() == "The design has no blocks. Add one."
    panel.undo_stack.undo()
    assert panel.strip.primary.isEnabled()


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("subject", "a b", 'The subject "a b" may have letters and digits only. Use "ab".'),
        ("subject", "../x", 'The subject "../x" may have letters and digits only. Use "x".'),
        ("session", "ü", 'The session "ü" may have letters and digits only.'),
        ("folder", " ", "The session has no dataset folder. Choose one."),
    ],
)
def test_names_that_no_file_can_have_are_said_while_they_are_typed(
    panel: StagePanel, field: str, typed: str, words: str
) -> None:
    assert panel.next_file.text().startswith("Next: sub-01_ses-01")
    panel.form._enter(field, typed)
    assert panel.strip.activity.text() == words
    assert panel.strip.primary.text() == "Check the screen"
    assert panel.strip.primary.isEnabled()  # the screen can be checked for any session
    assert panel.next_file.text() == ""
    panel.undo_stack.undo()
    assert panel.strip.activity.text() == ""
    assert panel.next_file.text().startswith("Next: sub-01_ses-01")


def test_the_measured_rate_goes_into_the_profile_by_one_button(
    panel: StagePanel, wait: Wait
) -> None:
    panel.screens.use_monitor(dataclasses.replace(panel.screens.monitor, hz=50.0))
    checked(panel, wait)
    rate = next(line for line in panel.board.preflight.lines if line.name == "Refresh rate")
    assert rate.fix == "use-rate"
    panel.board.fix_asked.emit("use-rate")
    assert panel.screens.monitor.hz == pytest.approx(panel.conduct.facts.hz, abs=1e-3)  # type: ignore[union-attr]
    rate = next(line for line in panel.board.preflight.lines if line.name == "Refresh rate")
    assert rate.fix != "use-rate"
