"""Plays any trial of the design inside the designer: no run, no participant, no files."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from backend.core.files import FileProblem
from backend.core.newest import Newest
from backend.core.parameters import ParameterError
from backend.stage.monitors import MonitorProfile
from backend.stage.plan import Plan, PlannedTrial
from backend.stage.playback import Playback
from backend.stage.stimuli import Stimuli
from widgets import theme
from widgets.inputs import Spin
from widgets.parts import Elided, Head, Panel, Tool, Words
from widgets.stage_mirror import StageMirror

FRAME_MS = 16


class TrialPlayer(Panel):
    """A small screen with play, a slider in frames, and the trial to show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("left", parent=parent)
        self.plan: Plan | None = None
        self.playback: Playback | None = None
        self.stimuli: Stimuli | None = None
        self.work = Newest(("trial",), "trial preview")
        self.mirror = StageMirror()
        self.play = Tool("play", "Play the trial (Space)", framed=True)
        self.play.clicked.connect(self.toggle)
        self.number = Spin(1, 1)
        self.number.setAccessibleName("Trial to preview")
        self.number.setPrefix("trial ")
        self.number.valueChanged.connect(lambda _: self._ask())
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Frame of the trial")
        self.slider.valueChanged.connect(self._show_frame)
        self.words = Elided("", "body", "text2")
        self.row_words = Words("", "caption", "text3")
        self.problem = Words("", "body", "err")
        self.problem.hide()
        self._began = 0.0
        self._start = 0
        self.timer = QTimer(self)
        self.timer.setInterval(FRAME_MS)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._tick)
        self.poll = QTimer(self)
        self.poll.setInterval(FRAME_MS)
        self.poll.timeout.connect(self._take)
        self._lay_out()

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(0, 0, 0, 0)
        tools.addWidget(self.play)
        tools.addWidget(self.slider, 1)
        tools.addWidget(self.number)
        column = QVBoxLayout()
        column.setContentsMargins(theme.dp(12), theme.dp(8), theme.dp(12), theme.dp(12))
        policy = self.mirror.sizePolicy()
        policy.setHeightForWidth(True)
        self.mirror.setSizePolicy(policy)
        column.addWidget(self.mirror)
        column.addLayout(tools)
        column.addWidget(self.words)
        column.addWidget(self.row_words)
        column.addWidget(self.problem)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(Head("Preview of a trial", self))
        whole.addLayout(column, 1)

    # ---- what to play ------------------------------------------------------------------------

    def show_plan(self, plan: Plan | None, sentence: str = "") -> None:
        """Preview trials of this plan; ``sentence`` says why there is none."""
        if plan is None:
            self.stop()
        if plan is not None and (
            self.plan is None or plan.design.sources != self.plan.design.sources
        ):
            self.stimuli = Stimuli(plan.design)
        self.plan = plan
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        if plan is None:
            self.playback = None
            self.mirror.show_layers(())
            self.words.setText("")
            self.row_words.setText("")
            return
        screen = plan.monitor
        self.mirror.set_screen(screen.width_px, screen.height_px, plan.design.background)
        blocked = self.number.blockSignals(True)
        self.number.setRange(1, max(1, plan.most_trials))
        self.number.blockSignals(blocked)
        self._ask()

    def trial(self) -> PlannedTrial | None:
        """The trial of this number; of an adaptive block its first at the middle level."""
        if self.plan is None:
            return None
        left = self.number.value() - 1
        for block in self.plan.blocks:
            if left < block.most_trials:
                if block.adaptive and block.method is not None:
                    level = len(block.method.levels) // 2
                    return self.plan.at_level(block, left % len(block.rows), level, left + 1)
                return block.trials[left]
            left -= block.most_trials
        return None

    def _ask(self) -> None:
        """Render the trial's pictures in a worker."""
        plan, stimuli = self.plan, self.stimuli
        if plan is None or stimuli is None or not self.isVisible():
            return
        try:
            trial = self.trial()
        except ParameterError as error:
            self.show_plan(None, error.sentence)
            return
        if trial is not None:
            key = (plan, self.number.value())
            self.work.ask("trial", key, lambda: Playback(plan, trial, stimuli))
            self.poll.start()

    def _take(self) -> None:
        answer = self.work.take("trial")
        if answer is None:
            if self.work.idle:
                self.poll.stop()
            return
        if answer.key[0] is not self.plan:
            return
        if answer.failure is not None:
            self.problem.setText(answer.failure.text)
            self.problem.show()
            return
        self.problem.hide()
        self._show(answer.value)

    def _show(self, playback: Playback) -> None:
        self.playback = playback
        self.mirror.set_textures(playback.textures)
        place = playback.start_of_onset()
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, playback.frames - 1))
        self.slider.setValue(place)
        self.slider.blockSignals(blocked)
        shown = {k: v for k, v in playback.trial.row.items() if k not in ("pictures", "kind")}
        words = ", ".join(f"{key} {value}" for key, value in list(shown.items())[:8])
        self.row_words.setText(f"{playback.trial.block_name}: {words}")
        self._show_frame(place)

    def _show_frame(self, frame: int) -> None:
        playback = self.playback
        if playback is None or self.plan is None or not playback.steps:
            return
        moment = playback.at(frame)
        length = moment.step.frames
        ms = 1000 * frame / self.plan.rate_hz
        of = f"of {length}" if length else "until the answer"
        picture = f" · {moment.step.reference}" if moment.step.reference else ""
        self.words.setText(
            f"{moment.step.name}, frame {moment.frame + 1} {of} · {ms:.1f} ms{picture}"
        )
        self.mirror.show_layers(moment.layers)

    # ---- playing -----------------------------------------------------------------------------

    @property
    def playing(self) -> bool:
        return self.timer.isActive()

    def toggle(self) -> None:
        """Play or stop."""
        self.stop() if self.playing else self.begin()

    def begin(self) -> None:
        """Play from the slider's frame, from the start when it stands at the end."""
        if self.playback is None:
            return
        at_end = self.slider.value() >= self.slider.maximum()
        self._start = 0 if at_end else self.slider.value()
        self._began = time.perf_counter()
        self.play.set_icon("stop")
        self.timer.start()

    def stop(self) -> None:
        """Stand still."""
        self.timer.stop()
        self.play.set_icon("play")

    def _tick(self) -> None:
        if self.plan is None:
            return
        gone = time.perf_counter() - self._began
        frame = self._start + int(gone * self.plan.rate_hz)
        self.slider.setValue(min(frame, self.slider.maximum()))
        if frame >= self.slider.maximum():
            self.stop()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._ask()

    def hideEvent(self, event: Any) -> None:
        super().hideEvent(event)
        self.stop()
        self.poll.stop()

    def shut(self) -> None:
        """End the worker."""
        self.timer.stop()
        self.poll.stop()
        self.work.close()


def plan_for(design: Any, rate: float, subject: str, seed: int, monitor: MonitorProfile) -> Any:
    """(plan, "") or (None, why not in words)."""
    from backend.stage.plan import plan

    try:
        return plan(design, rate, subject, seed, monitor), ""
    except (ParameterError, FileProblem) as error:
        return None, str(error)
