"""Conducts a session: opens the stage, checks, starts, pauses, resumes, and hears what happens."""

from __future__ import annotations

import dataclasses
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.panels.stage.diode import diode_words
from app.panels.stage.link import StageLink
from app.panels.stage.player import plan_for
from app.panels.stage.session_form import PERSON
from app.stage_process import STAND_BY
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stage import preflight
from backend.stage.bids import Session, label_of
from backend.stage.design import Design
from backend.stage.live import LiveResult, as_event
from backend.stage.monitors import MonitorProfile
from backend.stage.noise_answers import noise_answers
from backend.stage.plan import Plan
from backend.stage.playback import Playback
from backend.stage.preflight import Facts
from backend.stage.stimuli import Stimuli
from widgets.banner import Banner

if TYPE_CHECKING:
    from app.panels.stage.panel import StagePanel

WINDOW_PX = (960, 600)
MIRRORED = 12
"""A trial with more pictures is not drawn in the mirror."""


class Conductor(QObject):
    """Between the operator's panel and the stage process.

    Attributes
    ----------
    state : idle, opening, checking, ready, running or diode.
    facts : of the last check; None when the screen must be checked.

    Signal ``changed()`` when the state may have changed.
    """

    changed = Signal()

    def __init__(self, panel: StagePanel) -> None:
        super().__init__(panel)
        self.panel = panel
        self.link = StageLink(self)
        self.state = "idle"
        self.facts: Facts | None = None
        self.paused = False
        self.trials = (0, 0)
        self.block = ""
        self.plan: Plan | None = None
        self.stimuli: Stimuli | None = None
        self._allowed = False
        self._mirrored: Playback | None = None
        self._mirror_from = 0.0
        self.link.said.connect(self._said)
        self.link.ended.connect(self._ended)

    def run_or_pause(self) -> None:
        """The primary button: check, start, pause after the trial, continue."""
        if self.state == "running":
            self.paused = not self.paused
            self.link.tell("pause" if self.paused else "go")
        elif self.state == "ready":
            self.start()
        elif self.state == "idle":
            self.check()
        self.changed.emit()

    def check(self) -> None:
        """Open the stage's window and measure its screen."""
        parameters = self.panel.history.parameters
        self.panel.banners.clear()
        self.panel.tabs.setCurrentWidget(self.panel.board)
        self.facts = None
        self._allowed = False
        if self.link.open:
            self._ask_check()
            return
        windowed = WINDOW_PX if parameters.windowed else None
        screens = self.panel.screens
        spec = {
            "screen": screens.screen_box.currentData() or "",
            "windowed": windowed,
            "gamma": screens.monitor.gamma if parameters.linear else 1.0,
        }
        self.link.start(spec)
        self.state = "opening"
        self.changed.emit()

    def _ask_check(self) -> None:
        pictures, megabytes = texture_costs(self.panel.design, self.panel.screens.monitor)
        self.link.tell("check", pictures=pictures, texture_mb=megabytes)
        self.state = "checking"
        self.changed.emit()

    def start(self) -> None:
        """Start the session on the checked screen."""
        lines = preflight.checks(self.facts, self.panel.screens.monitor) if self.facts else []
        worst, words = preflight.verdict(lines)
        if worst == "bad":
            self.panel.say(
                "The screen cannot be used", f"Pre-flight: {words}. Mend the red lines first."
            )
            return
        if worst == "check" and not self._allowed:
            self._allow(words)
            return
        self._begin(resume=self.resumes)

    def _allow(self, words: str) -> None:
        """Amber needs one explicit click."""
        banner = Banner(
            "Some checks need a look", f"Pre-flight: {words}. The timing is logged all the same.",
            "warning", [("go", "Start anyway"), ("again", "Check again")],
        )  # fmt: skip
        banner.acted.connect(self._allowed_to)
        self.panel.banners.show_banner("allow", banner)

    def _allowed_to(self, what: str) -> None:
        self.panel.banners.remove("allow")
        if what == "again":
            self.check()
            return
        self._allowed = True
        self._begin(resume=self.resumes)

    @property
    def recorded(self) -> Session | None:
        """The session that the form names, as it is on disk; None when its names are not usable."""
        p = self.panel.history.parameters
        try:
            return Session(Path(p.folder), p.subject, p.session, self.panel.design.task)
        except ParameterError:
            return None

    @property
    def unnamed(self) -> str:
        """Why no session can be written under the form's names; "" when it can."""
        p = self.panel.history.parameters
        try:
            label_of(p.subject, "subject")
            label_of(p.session, "session")
        except ParameterError as error:
            return error.sentence
        return "" if p.folder.strip() else "The session has no dataset folder. Choose one."

    @property
    def resumes(self) -> bool:
        """Whether to start is to go on with a session that was broken off."""
        return self.recorded is not None and self.recorded.unfinished

    def _begin(self, resume: bool) -> None:
        parameters = self.panel.history.parameters
        design, seed, monitor = self.panel.design, parameters.seed, self.panel.screens.monitor
        log = self.recorded if resume else None
        if log is not None:
            try:
                log.read()
                design, seed, monitor = log.design, int(log.header["seed"]), log.monitor
            except FileProblem as problem:
                self.panel.say("The session cannot go on", str(problem))
                return
        plan, why = plan_for(design, self.panel.rate, parameters.subject, seed, monitor)
        if plan is None:
            self.panel.say("The session cannot start", why)
            return
        if not self.link.open:
            self.panel.window_.say("The screen is checked first; then start, and resume.")
            self.check()
            return
        self.panel.tabs.setCurrentWidget(self.panel.board)
        live = LiveResult(design, self.facts.hz if self.facts else self.panel.rate)
        board = self.panel.board
        board.begin(live, noise_answers(design))
        for record in log.records if log is not None else ():
            board.add(as_event(record, plan.most_trials))
        board.setFocus()  # a key that misses the stage must press no button here
        self.stimuli = Stimuli(design)
        self.plan = plan
        self.paused, self.state = False, "running"
        self.link.tell(
            "start",
            design=self.panel.design.document(),
            monitor=dataclasses.asdict(self.panel.screens.monitor),
            out=parameters.folder,
            subject=parameters.subject,
            session=parameters.session,
            seed=parameters.seed,
            triggers=parameters.outputs,
            participant="" if parameters.who == PERSON else parameters.who,
            resume=resume,
            operator=parameters.operator,
        )
        self.changed.emit()

    def stop(self) -> None:
        """End the session after what is on screen; what was finished is kept."""
        if self.state == "running":
            self.link.tell("abort")
            self.panel.window_.say("The session ends; every finished trial is on disk.")
        elif self.state == "diode":
            self.link.tell("abort")
        elif self.link.open:
            self.link.close()

    def forget_check(self) -> None:
        self.facts = None
        if self.state == "ready":
            self.state = "idle"
            self.link.close()
        self.changed.emit()

    # ---- what the stage says -------------------------------------------------------------------

    def _said(self, event: dict[str, Any]) -> None:
        handler = getattr(self, f"_on_{event['what'].replace(' ', '_')}", None)
        if handler is not None:
            handler(event)

    def _on_opened(self, event: dict[str, Any]) -> None:
        self._ask_check()

    def _on_checked(self, event: dict[str, Any]) -> None:
        self.facts = Facts(**event["facts"])
        self.state = "ready"
        self._show_page(STAND_BY)
        self.show_preflight()
        self.panel._session_changed()
        self.changed.emit()

    def show_preflight(self) -> None:
        if self.facts is None:
            self.panel.board.preflight.show_lines([], "")
            self.panel.chip.hide()
            return
        lines = preflight.checks(self.facts, self.panel.screens.monitor)
        worst, words = preflight.verdict(lines)
        self.panel.board.preflight.show_lines(lines, f"checked {datetime.now():%H:%M}")
        kind = {"good": "done", "check": "paused", "bad": "failed"}[worst]
        icon = {"good": "check", "check": "alert", "bad": "alert-circle"}[worst]
        self.panel.chip.show_state(kind, f"Pre-flight: {words}", icon)
        self.panel.chip.show()

    def _on_session(self, event: dict[str, Any]) -> None:
        self.trials = (int(event["done"]), int(event["trials"]))

    def _on_preparing(self, event: dict[str, Any]) -> None:
        self.block = f"preparing pictures, {event['done']} of {event['total']}"

    def _on_block(self, event: dict[str, Any]) -> None:
        self.block = str(event["name"])

    def _on_page(self, event: dict[str, Any]) -> None:
        self._show_page(str(event["words"]))

    def _show_page(self, words: str) -> None:
        self._mirrored = None
        level = self.panel.design.background
        self.panel.board.mirror.show_page(words, self.panel.screens.monitor, level)

    def _on_trial(self, event: dict[str, Any]) -> None:
        self._mirror_trial(int(event["number"]))

    def _on_phase(self, event: dict[str, Any]) -> None:
        playback = self._mirrored
        if playback is not None:
            start = playback.start_of(event["name"]) / playback.plan.rate_hz
            self._mirror_from = time.monotonic() - start

    def _on_trial_end(self, event: dict[str, Any]) -> None:
        self.trials = (int(event["number"]), int(event["of"]))
        self.panel.board.add(event)
        if event["focused"]:
            self.panel.banners.remove("focus")
        for late in event["late"]:
            self.panel.window_.say(
                f"Trial {late['trial']}, frame {late['frame']}: {late['interval_ms']:.1f} ms."
            )

    def _on_message(self, event: dict[str, Any]) -> None:
        self.panel.window_.say(event["sentence"])

    def _on_problem(self, event: dict[str, Any]) -> None:
        do = str(event.get("do", "retry"))
        name = "focus" if do == "front" else "problem"
        buttons = [(do, event["action"])] if event.get("action") else []
        banner = Banner("The stage says", event["sentence"], "warning", buttons)
        banner.acted.connect(lambda what: self._answer(name, what))
        self.panel.banners.show_banner(name, banner)

    def _answer(self, banner: str, what: str) -> None:
        self.panel.banners.remove(banner)
        self.link.tell(what)

    def _on_refused(self, event: dict[str, Any]) -> None:
        self.state = "ready"
        sentence = str(event["sentence"])
        parameters = self.panel.history.parameters
        there = None
        if "is there already" in sentence:
            folder, task = Path(parameters.folder), self.panel.design.task
            there = Session(folder, parameters.subject, parameters.session, task)
        buttons = [("resume", "Resume it"), ("next", "Use the next session")] if there else []
        banner = Banner("The session did not start", sentence, "error", buttons)
        banner.acted.connect(lambda what: self._settle_refusal(what, there))
        self.panel.banners.show_banner("refused", banner)
        self.changed.emit()

    def _settle_refusal(self, what: str, there: Session | None) -> None:
        self.panel.banners.remove("refused")
        if what == "next" and there is not None:
            self.panel.history.set_value("session", there.next_free())
            self._begin(resume=False)
        elif what == "resume":
            self._begin(resume=True)

    def _on_failed(self, event: dict[str, Any]) -> None:
        banner = Banner("The stage cannot go on", event["sentence"], "error", (),
                        event.get("details", ""))  # fmt: skip
        self.panel.banners.show_banner("failed", banner)

    def _on_end(self, event: dict[str, Any]) -> None:
        self.state = "ready"
        done = event["state"] == "done"
        self.panel.board.refresh()
        words = "The session is complete" if done else "The session ended early"
        folder = Path(self.panel.history.parameters.folder).name
        text = f"{event['trials']} trials are in the folder {folder}, with the timing report."
        buttons = [("folder", "Open BIDS folder")] + ([] if done else [("resume", "Resume it")])
        banner = Banner(words, text, "warning", buttons)
        banner.acted.connect(self._after)
        self.panel.banners.show_banner("end", banner)
        self.panel.banners.remove("focus")
        self._show_page(STAND_BY)
        self.changed.emit()

    def _after(self, what: str) -> None:
        if what == "folder":
            self.panel.open_folder()
        else:
            self.panel.banners.remove("end")
            self._begin(resume=True)

    def _on_diode(self, event: dict[str, Any]) -> None:

        self.state = "ready"
        self.panel.banners.remove("diode")
        title, text = diode_words(event)
        self.panel.banners.show_banner("diode", Banner(title, text, "warning"))
        self.changed.emit()

    def _ended(self, sentence: str) -> None:
        self.state = "idle"
        self.facts = None
        self.show_preflight()
        self.panel.board.mirror.show_screen(False)
        if sentence:
            banner = Banner("The stage ended", sentence, "error", [("check", "Check the screen")])
            banner.acted.connect(lambda _: self.check())
            self.panel.banners.show_banner("ended", banner)
        self.changed.emit()

    # ---- mirror --------------------------------------------------------------------------------

    def _mirror_trial(self, number: int) -> None:
        """Prepare what the mirror shows of a trial; adaptive ones are shown by their words only."""
        self._mirrored = None
        if self.plan is None or self.stimuli is None:
            return
        trial = next((t for t in self.plan.trials if t.number == number), None)
        if trial is None or self.panel.history.parameters.blind:
            return
        if len(trial.references) <= MIRRORED:
            self._mirrored = Playback(self.plan, trial, self.stimuli)
            mirror = self.panel.board.mirror.mirror
            screen = self.plan.monitor
            mirror.set_screen(screen.width_px, screen.height_px, self.panel.design.background)
            mirror.set_textures(self._mirrored.textures)
        self._mirror_from = time.monotonic()
        self.panel.board.mirror.show_screen(True)

    def mirror(self) -> None:
        playback = self._mirrored
        if playback is None or self.state != "running":
            return
        frame = int((time.monotonic() - self._mirror_from) * playback.plan.rate_hz)
        moment = playback.at(frame)
        self.panel.board.mirror.mirror.show_layers(moment.layers, moment.step.name)


def texture_costs(design: Design, monitor: MonitorProfile) -> tuple[int, float]:
    """(pictures of the design, MB of its largest trial at the stage's size)."""
    pictures = sum(source.count for source in design.sources)
    most = 1
    for block in design.blocks:
        most = max(most, block.deal.pictures if block.deal is not None else 4)
    side = monitor.height_px / 2
    return pictures, min(most, pictures) * side * side * 3 / 1e6
