"""The tour: the real window goes through every panel's example; a picture of each, and an index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from backend.core.files import write_text

LIMIT_S = 120.0
INSIDE = "ISOMORPH_TOUR_INSIDE"


@dataclass(frozen=True)
class Stop:
    """One picture: what it shows, and how the window gets there."""

    name: str
    words: str
    go: Callable[[Any], None]
    size: tuple[int, int] = (1600, 1000)
    theme: str = "light"


def tour(out: Path) -> int:
    """Save the pictures and ``index.html`` into a folder; exit status."""
    from app.cli import needs_display

    if needs_display() and not os.environ.get(INSIDE):
        return under_xvfb(out)
    old = os.environ.get("ISOMORPH_HOME")
    with tempfile.TemporaryDirectory(prefix="isomorph-tour-home-") as home:
        os.environ["ISOMORPH_HOME"] = home  # the tour leaves the user's history alone
        try:
            rows = list(walk(out))
        finally:
            os.environ.pop("ISOMORPH_HOME")
            if old is not None:
                os.environ["ISOMORPH_HOME"] = old
    write_text(out / "index.html", index(rows))
    print(f"{len(rows)} pictures: {out / 'index.html'}")
    return 0


def under_xvfb(out: Path) -> int:
    """Run the tour again under a virtual display."""
    if not shutil.which("xvfb-run"):
        print("isomorph: the tour needs a display, or xvfb: apt-get install xvfb xauth",
              file=sys.stderr)  # fmt: skip
        return 1
    command = ["xvfb-run", "-a", "-s", "-screen 0 2600x1500x24", sys.executable, "-m", "app"]
    environment = os.environ | {INSIDE: "1"}
    return subprocess.run([*command, "tour", "--out", str(out)], env=environment).returncode


def walk(out: Path) -> Iterator[tuple[str, str]]:
    """Go through the stops; yields (file name, words)."""
    from app.main import application, make_window

    application()
    window = make_window()
    window.show()
    out.mkdir(parents=True, exist_ok=True)
    for number, stop in enumerate(stops(), 1):
        print(f"isomorph: {stop.words}", file=sys.stderr, flush=True)
        window.set_preferences(window.settings.changed(theme=stop.theme))
        window.resize(*stop.size)
        settle(0.2)
        stop.go(window)
        settle(0.5)
        name = f"{number:02d}-{stop.name}.png"
        picture(window).save(str(out / name))
        yield name, stop.words
    window.runner.shutdown()
    window.close()


def picture(window: Any) -> Any:
    """The window with the dialogs that stand over it."""
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QDialog

    grabbed = window.grab()
    painter = QPainter(grabbed)
    for dialog in window.findChildren(QDialog):
        if dialog.isVisible():
            corner = dialog.mapToGlobal(dialog.rect().topLeft())
            painter.drawPixmap(corner - window.mapToGlobal(window.rect().topLeft()), dialog.grab())
    painter.end()
    return grabbed


def settle(seconds: float) -> None:
    """Let the event loop go on (QTest.qWait would hold the GIL, and with it every worker)."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


def wait(condition: Callable[[], bool], what: str) -> None:
    """Let the event loop go on until a condition holds; RuntimeError after two minutes."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        settle(0.05)
        if time.monotonic() > end:
            raise RuntimeError(f"the tour waited in vain for {what}")


def play(study: str, preset: str, model_ms: float) -> Callable[[Any], None]:
    """Open a preset, run it freely for some model time and pause there."""

    def go(window: Any) -> None:
        page = window.open_study(study)
        end_run(page)
        page.choose_preset(preset)
        page.run_or_pause()
        job = page.controller.job
        if job is None:
            raise RuntimeError(f"{preset} did not start: {page.form.errors}")
        wait(lambda: job.finished or job.run.clock >= model_ms, preset)
        settle(0.6)
        if not job.finished:
            job.run.pause()

    return go


def measure(study: str, preset: str) -> Callable[[Any], None]:
    """Open a preset and do what its figure did."""

    def go(window: Any) -> None:
        page = window.open_study(study)
        end_run(page)
        page.choose_preset(preset)
        page.measure()
        job = page.controller.job
        if job is None:
            raise RuntimeError(f"{preset} did not start: {page.form.errors}")
        wait(lambda: job.finished, preset)

    return go


def end_run(page: Any) -> None:
    """End the page's run, if there is one."""
    if page.controller.alive:
        page.controller.job.run.cancel()
        wait(lambda: page.controller.job.finished, "the end of a run")


def explore(window: Any) -> None:
    """Choose a layer and a channel, evolve its stimulus, find its best pictures."""
    window.show_panel("explorer")
    page = window.panels["explorer"].show_explore()
    wait(lambda: page.board.shown is not None, "the explorer's example")
    page.tree.choose("relu3")
    settle(0.2)
    page.board.choose(6)
    page.evolving.evolve()
    wait(lambda: not page.alive, "the optimal stimulus")
    page.errands.find_top()
    wait(lambda: not page.alive, "the top pictures")
    settle(0.5)


def deeper(window: Any) -> None:
    """A residual network of the zoo, one channel of its depth."""
    window.show_panel("explorer")
    page = window.panels["explorer"].show_explore()
    before = page.board.explorer
    page.history.set_value("network", "resnet18")
    wait(lambda: page.board.explorer is not before and page.board.shown is not None, "ResNet-18")
    page.tree.choose("layer2.0.relu")
    page.board.choose(12)
    settle(1.0)


def brain(window: Any) -> None:
    """The example on the cortex: a vertex read out, two kept beside it."""
    window.show_panel("brain")
    page = window.panels["brain"].show_explore()
    wait(lambda: page.scene is not None and bool(page.showing.clusters), "the clusters")
    for number in (2, 3, 0):
        cluster = page.showing.clusters[number]
        page.pick(cluster.hemisphere, cluster.vertex, pin=True)
    settle(0.5)


def flat_maps(window: Any) -> None:
    """The same on flat maps."""
    window.panels["brain"].viewer.history.set_preset("Flat maps")
    settle(0.5)


def refused(window: Any) -> None:
    """A value beyond its limits, and settings that cannot run."""
    page = window.open_study("gap-junction-topology")
    end_run(page)
    page.choose_preset(page.controller.study.presets[0].name)
    page.form._enter("gamma", "7")
    page.controller.set_values({"J": 10.0, "dt": 0.1}, "tour")
    page.form.accept("gamma")
    page.start("free")
    page.form._enter("gamma", "7")


def compare(window: Any) -> None:
    """The history with two runs selected."""
    window.show_panel("runs")
    panel = window.panels["runs"]
    panel.refresh()
    panel.table.clearSelection()
    panel.table.selectRow(0)
    settle(0.1)


def sweep(window: Any) -> None:
    """A map of two parameters, a cell chosen."""
    window.show_panel("sweeps")
    panel = window.panels["sweeps"]
    panel.history.set_values(
        {"first_values": "0, 2, 4, 6", "second_values": "0:0.2:5", "trials": 4}, "tour"
    )
    panel.run()
    wait(lambda: panel.work.settled, "the sweep")
    settle(0.3)
    panel.board.views["map"].picked.emit((2, 2))
    settle(0.2)


def script(window: Any) -> None:
    """The script dock beside a study."""
    window.open_study("gap-junction-topology").choose_preset("Figure 3D")
    window.commands.show_script()


def palette(window: Any) -> None:
    """The command palette."""
    window.docks["script"].hide()
    window.show_panel("home")
    window.open_palette("fig 5")


def preferences(window: Any) -> None:
    """The preferences, which use the same form."""
    if window.palette_ is not None:
        window.palette_.reject()
    window.preferences()


def home(window: Any) -> None:
    """Home."""
    close_dialogs(window)
    window.show_panel("home")


def idle(window: Any) -> None:
    """A study before its first run: what will appear."""
    window.open_study("gap-junction-topology")


def studio(generator: str, preset: str = "", **values: Any) -> Callable[[Any], None]:
    """A generator with what it would make; values are typed into the form."""

    def go(window: Any) -> None:
        window.show_panel("stimuli")
        panel = window.panels["stimuli"]
        panel.show_generator(generator)
        panel.history.set_preset(preset or panel.generator.presets[0].name)
        for name, value in values.items():
            panel.form._enter(name, value)
        wait(lambda: panel.board.work.idle and not panel._thumbnails, generator)

    return go


def made_set(window: Any) -> None:
    """A set that was made, its table, and one of its pictures."""
    studio("shapes", n="8")(window)
    panel = window.panels["stimuli"]
    panel.make()
    wait(lambda: panel.work.settled, "the set")
    panel.board.sheet.sheet.set_current(11)


def scenes(window: Any) -> None:
    """Street scenes on the dark theme."""
    close_dialogs(window)
    studio("scenes")(window)


def edit_set(window: Any) -> None:
    """An edit of a set, before and after."""
    from backend.stimuli.set_actions import action

    studio("faces", n="24")(window)
    panel = window.panels["stimuli"]
    panel.make()
    wait(lambda: panel.work.settled, "the set")
    panel.sets.act(action("mask"))


def designer(template: str, page: int = 0, **monitor: Any) -> Callable[[Any], None]:
    """A design on the desk."""

    def go(window: Any) -> None:
        import dataclasses

        close_dialogs(window)
        window.show_panel("stage")
        panel = window.panels["stage"]
        panel.open_template(template)
        screens = panel.screens
        screens.use_monitor(dataclasses.replace(screens.monitor, **{"hz": 60.0, **monitor}))
        panel.tabs.setCurrentWidget(panel.designer)
        panel.designer.tabs.setCurrentIndex(page)
        wait(lambda: panel.player.work.idle, "the preview")
        settle(0.5)

    return go


def preflight(window: Any) -> None:
    """The screen was checked."""
    designer("face-gender-yes-no")(window)
    panel = window.panels["stage"]
    panel.history.set_values({"windowed": True, "who": "noisy"}, "tour")
    panel.conduct.check()
    wait(lambda: panel.conduct.state == "ready", "the check of the screen")


def present(window: Any) -> None:
    """A session with a simulated participant, after some trials."""
    panel = window.panels["stage"]
    panel.conduct._allowed = True
    panel.run_or_pause()
    wait(lambda: panel.conduct.trials[0] >= 12, "twelve trials")


def end_session(window: Any) -> None:
    """The session was ended early; what was finished is kept."""
    panel = window.panels["stage"]
    panel.stop()
    wait(lambda: panel.conduct.state == "ready", "the end of the session")
    panel.stop()
    wait(lambda: panel.conduct.state == "idle", "the end of the stage")


def close_dialogs(window: Any) -> None:
    """Close what stands over the window."""
    from PySide6.QtWidgets import QDialog

    for dialog in window.findChildren(QDialog):
        dialog.close()


BALANCED, RETINA = "ei-balanced-network", "gap-junction-topology"
LAB, SPARSE, CRITICAL = "dnnbrain", "sparse-coding", "criticality-fc"


def stops() -> list[Stop]:
    """All stops, in order."""
    return [
        Stop("home", "Home: a card for each working study", home),
        Stop("retina-empty", "Topology retina before its first run", idle),
        Stop("retina", "Topology retina: one hole, three volleys", play(RETINA, "Figure 3D", 8)),
        Stop("retina-breach", "Breach scan with the psychometric fit", measure(RETINA, "Figure 6")),
        Stop("retina-band", "Hole-size band", measure(RETINA, "Hole-size band")),
        Stop("retina-refused", "Values that cannot be used, and their fixes", refused),
        Stop("balanced", "Balanced network: circular motion",
             play(BALANCED, "Figure 5E-F", 500), theme="dark"),
        Stop("balanced-s2", "Homogeneous network and Eq. 7", play(BALANCED, "Figure 3", 150)),
        Stop("balanced-s1", "Uncoupled population and the Fokker-Planck density",
             play(BALANCED, "Figure 2A", 4)),
        Stop("balanced-density", "Voltage density of Figure 2A, measured",
             measure(BALANCED, "Figure 2A")),
        Stop("balanced-step", "Step response, measured", measure(BALANCED, "Figure 5A")),
        Stop("balanced-small", "The smallest screen", play(BALANCED, "Figure 5E-F", 300),
             (1366, 768), "dark"),
        Stop("balanced-large", "A large screen", play(BALANCED, "Figure 5E-F", 300), (2560, 1440)),
        Stop("faces", "Stimuli: faces, six of 41 sliders in sight", studio("faces")),
        Stop("faces-noise", "Stimuli: a face in noise, and a value that cannot be used",
             studio("faces-noise", gain="1.4", side="500")),
        Stop("shapes-set", "Stimuli: a set of shapes, counted, with its table", made_set),
        Stop("set-edit", "Stimuli: an edit of a set, before and after", edit_set),
        Stop("scenes", "Stimuli: street scenes", scenes, theme="dark"),
        Stop("stage-design", "Stage: a trial in frames, and its preview",
             designer("topology-hole-disc")),
        Stop("stage-rsvp", "Stage: ten pictures a second do not fit 75 Hz",
             designer("rsvp-pedestrians", hz=75.0), theme="dark"),
        Stop("stage-preflight", "Stage: pre-flight in plain words", preflight),
        Stop("stage-presenting", "Stage: presenting, log, timing and live result", present),
        Stop("stage-ended", "Stage: ended early, what was finished is kept", end_session,
             (1366, 768)),
        Stop("explorer", "Explorer: a unit, what drives it, its stimulus and best pictures",
             explore),
        Stop("explorer-resnet", "Explorer: a deeper network without training", deeper,
             theme="dark"),
        Stop("brain", "Brain: synthetic activity on fsaverage5, clusters, time courses", brain,
             theme="dark"),
        Stop("brain-flat", "Brain: the same on flat maps", flat_maps),
        Stop("probe", "DNN and brain: probe by layer", measure(LAB, "Figure 5")),
        Stop("encode", "DNN and brain: a simulated cortex, encoded", measure(LAB, "Figure 6A")),
        Stop("rsa", "DNN and brain: geometry, with valid inference",
             measure(LAB, "Figure 6B, categories"), theme="dark"),
        Stop("sparse", "Coding scheme: the hierarchy beside the null of the width",
             measure(SPARSE, "Figure 1")),
        Stop("sparse-lesion", "Coding scheme: ten lesioned models",
             measure(SPARSE, "Figure 3B"), (1366, 768)),
        Stop("critical", "Criticality and FC: the automaton near its critical threshold",
             play(CRITICAL, "Figure 4", 500_000)),
        Stop("critical-sweep", "Criticality and FC: metrics and exponent along the threshold",
             measure(CRITICAL, "Figure 5"), theme="dark"),
        Stop("critical-regimes", "Criticality and FC: three regimes side by side",
             measure(CRITICAL, "Figure 4")),
        Stop("critical-neurons", "Criticality and FC: ten regions of neurons",
             play(CRITICAL, "Ten regions", 200_000), theme="dark"),
        Stop("sweeps", "Sweeps: volleys by coupling and spikelet", sweep),
        Stop("critical-people", "Criticality and FC: 95 synthetic people, relation built in",
             measure(CRITICAL, "Figures 1 and 2")),
        Stop("runs", "Runs: the history", compare),
        Stop("script", "The script that reproduces the view", script),
        Stop("palette", "The command palette", palette),
        Stop("preferences", "Preferences", preferences),
    ]  # fmt: skip


def index(rows: list[tuple[str, str]]) -> str:
    """The index page."""
    figures = "".join(
        f'<figure><a href="{name}"><img src="{name}" alt="{escape(words)}"></a>'
        f"<figcaption>{escape(words)}</figcaption></figure>"
        for name, words in rows
    )
    style = (
        "body{font:14px system-ui,sans-serif;margin:24px;background:#ECEEF1}img{width:100%}"
        "main{display:grid;grid-template-columns:repeat(auto-fill,minmax(420px,1fr));gap:16px}"
        "figure{margin:0;background:#fff;padding:8px}"
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Isomorph, the tour</title>"
        f"<style>{style}</style><h1>Isomorph, the tour</h1><p>All data are synthetic.</p>"
        f"<main>{figures}</main></html>"
    )
