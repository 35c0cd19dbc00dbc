"""Sessions survive a clean end, a crash and hostile files."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QMessageBox

from app import session as sessions
from app.main import open_first
from app.window import MainWindow
from backend.core.files import FileProblem
from backend.core.store import Store
from backend.core.tasks import KEPT, LOST

RETINA = "gap-junction-topology"
ROOT = Path(__file__).parents[2]


def test_what_was_set_comes_back(window: MainWindow, wait: Callable[..., None]) -> None:
    page = window.open_study(RETINA)
    page.controller.set_values({"J": 4.25, "figure": "disk"}, "test")
    wait(sessions.own_file().exists)
    window.keeper.autosave()
    session = sessions.load(sessions.own_file())
    assert session.shown["simulate"] == RETINA
    assert session.panel == "simulate"
    page.controller.set_preset("Figure 3A")
    window.show_panel("home")
    window.keeper.take(session)
    assert page.controller.parameters.J == 4.25
    assert page.controller.parameters.figure == "disk"
    assert window.panel == "simulate"


def test_a_clean_end_leaves_the_last_session(window: MainWindow) -> None:
    window.open_study(RETINA).controller.set_value("J", 5.0)
    window.close()
    assert sessions.last_file().exists()
    assert not sessions.own_file().exists()
    assert sessions.load(sessions.last_file()).studies[RETINA].parameters["J"] == 5.0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "damaged"),
        ('{"program": "Isomorph", "format"', "damaged"),
        ("[1, 2]", "not a session"),
        ('{"format": 1}', "not a session"),
        ('{"program": "Isomorph", "format": 99}', "newer Isomorph"),
        ('{"program": "Isomorph", "format": "x"}', "newer Isomorph"),
        ("[" * 100_000, "damaged"),
    ],
)
def test_hostile_sessions_are_refused_in_words(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "söme session.isomorph"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileProblem, match=words):
        sessions.load(path)
    path.write_bytes(b"\xff\xfe\x00" * 10)
    with pytest.raises(FileProblem):
        sessions.load(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    studies=st.dictionaries(
        st.sampled_from([RETINA, "ei-balanced-network", "other"]),
        st.fixed_dictionaries(
            {}, optional={"preset": json_values, "run": json_values, "layout": json_values,
                          "parameters": st.dictionaries(
                              st.sampled_from(["J", "dt", "figure", "drawing", "nothing"]),
                              json_values)},
        ),
    ),
    panel=json_values,
)  # fmt: skip
def test_any_json_is_a_session_or_a_sentence(
    tmp_path: Path, studies: dict[str, object], panel: object
) -> None:
    path = tmp_path / "any.isomorph"
    document = {"program": "Isomorph", "format": 1, "studies": studies, "panel": panel}
    path.write_text(json.dumps(document))
    session = sessions.load(path)
    for state in session.studies.values():
        assert set(state.parameters)


def test_values_beyond_todays_limits_are_named_and_left(tmp_path: Path) -> None:
    path = tmp_path / "old.isomorph"
    state = {"preset": "gone", "parameters": {"J": 500, "gamma": 0.2}}
    path.write_text(
        json.dumps({"program": "Isomorph", "format": 1, "studies": {RETINA: state, "x": {}}})
    )
    session = sessions.load(path)
    assert session.studies[RETINA].parameters["gamma"] == 0.2
    assert session.studies[RETINA].parameters["J"] == 3.0
    assert any("goes from 0 to 10" in text for text in session.problems)
    assert any('"x"' in text for text in session.problems)


CHILD = """
import sys
from PySide6.QtCore import QTimer
from app.main import application, make_window
app = application()
window = make_window()
window.show()
page = window.open_study("ei-balanced-network")
page.controller.set_value("theta", 14.0)
page.run_or_pause()
window.keeper.autosave()
def tell():
    if page.controller.job.run.clock > 1:
        print("alive", flush=True)
QTimer.singleShot(0, tell)
timer = QTimer(); timer.timeout.connect(tell); timer.start(50)
saver = QTimer(); saver.timeout.connect(window.keeper.autosave); saver.start(1)
app.exec()
"""


@pytest.mark.slow
def test_kill_nine_while_running_and_saving_offers_the_session(
    window: MainWindow, fresh_home: Path, wait: Callable[..., None]
) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert process.stdout is not None
        assert "alive" in process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert len(sessions.crashed()) == 3
    states = [record.state for record in Store().records()]
    assert states.count("interrupted") == 3
    window.show_panel("home")
    window.panels["home"].refresh()
    window.keeper.recover(sessions.crashed()[0])
    page = window.page
    assert page is not None
    assert page.controller.parameters.theta == 14.0
    assert not list(fresh_home.rglob("*.json.*"))


def test_a_full_or_read_only_folder_is_said_once(
    window: MainWindow, fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = fresh_home / "sessions"
    shutil.rmtree(blocked, ignore_errors=True)
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("a file where a folder is needed")
    window.keeper.autosave()
    assert window.isWindowModified()
    assert "cannot be written" in window.status.message.text()
    blocked.unlink()
    window.keeper.autosave()
    assert not window.isWindowModified()
    assert until(lambda: sessions.own_file().exists())


def test_the_explorer_offers_the_session_of_a_crash(
    window: MainWindow, wait: Callable[..., None]
) -> None:
    from backend.networks.explorer_parameters import ExplorerParameters
    from widgets.parts import Button

    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    values = ExplorerParameters().changed(method="Grad-CAM").document()
    kept = {"preset": "New categories", "parameters": values, "layer": "relu3"}
    session = window.keeper.collect()
    session = dataclasses.replace(session, panel="explorer", panels={"explorer": kept})
    sessions.save(session, sessions.folder() / f"auto-{gone.pid}.isomorph")
    window.show_panel("explorer")
    page = window.panels["explorer"].explore
    banner = window.problems.banners["recovered"]
    assert "stopped unexpectedly" in banner.text
    next(one for one in banner.findChildren(Button) if one.text() == "Open").click()
    assert page.parameters.method == "Grad-CAM"
    assert "recovered" not in window.problems.banners
    assert sessions.crashed() == []
    wait(lambda: page.board.layer == "relu3", timeout=30_000)


@pytest.mark.parametrize("panel", ["explorer", "stage"])
def test_a_newer_session_of_a_crash_is_offered_where_an_older_one_opened(
    window: MainWindow, panel: str
) -> None:
    session = dataclasses.replace(window.keeper.collect(), panel=panel, panels={})
    sessions.save(session, sessions.last_file())
    os.utime(sessions.last_file(), (1.0e9, 1.0e9))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    crashed = sessions.folder() / f"auto-{gone.pid}.isomorph"
    sessions.save(session, crashed)
    open_first(window, None)
    assert window.panel == panel
    assert "recovered" in window.problems.banners
    window.show_panel("home")  # has its own place for it
    assert "recovered" not in window.problems.banners
    os.utime(crashed, (0.9e9, 0.9e9))  # older than what was opened
    window.show_panel(panel)
    assert "recovered" not in window.problems.banners


def test_closing_says_what_becomes_of_each_piece_of_work(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: said.append(box.informativeText()))
    gate = threading.Event()
    for title, ends in (("Record relu2.act.h5", KEPT), ("Evolve relu2", LOST)):
        window.runner.task(title, lambda _: gate.wait(10), ends, ends)
    assert not window.confirm_runs("Close")
    gate.set()
    assert said == [
        "Record relu2.act.h5. What is made so far is kept, and the same goes on there.\n"
        "Evolve relu2. What is made so far is lost."
    ]
