"""The stage process: opens the stage's window, checks the screen, presents; told over a pipe.

Commands are dictionaries with the key ``do``: "check", "start", "pause", "go", "abort", "retry",
"front", "awake", "diode", "close". What happens comes back as dictionaries with the key ``what``
(see :class:`backend.stage.presenter.Presenter`), and "opened", "checked", "diode", "closed".
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stage import preflight
from backend.stage.bids import Session
from backend.stage.design import from_document
from backend.stage.display import PATCH, Layer, MeasuredRate
from backend.stage.drawing import draw_text
from backend.stage.monitors import MonitorProfile
from backend.stage.observers import observer_for
from backend.stage.plan import PATCH_PX, Plan, plan
from backend.stage.presenter import Presenter
from backend.stage.stimuli import Stimuli
from backend.stage.timing import LATE_RATIO
from backend.stage.triggers import Triggers, outputs_of

CHECK_FLIPS = 240
IDLE_S = 0.01
STAND_BY, STAND_BY_PX = "One moment, please.", 24.0
PATIENCE_S = 10.0
"""A simulated participant that never answers must not wait for ever."""
NICE = -10
DIODE_FLASHES, DIODE_ON, DIODE_PERIOD = 60, 6, 30


def main(pipe: Connection, spec: dict[str, Any]) -> None:
    """Body of the process. ``spec``: screen (name), windowed ((w, h) or None), late (test hook)."""
    from PySide6.QtGui import QGuiApplication

    raise_priority()
    application = QGuiApplication.instance() or QGuiApplication(["isomorph-stage"])
    stage = None
    try:
        stage = StageProcess(pipe, spec)
        stage.serve()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the program is gone; what was finished is on disk
    except Exception as error:
        with contextlib.suppress(OSError):
            pipe.send({"what": "failed", "sentence": str(error), "details": traceback.format_exc()})
    finally:
        if stage is not None:
            stage.display.close()
        application.quit()
        with contextlib.suppress(OSError):
            pipe.send({"what": "closed"})
        pipe.close()


def raise_priority() -> None:
    """Ask the system to run this process first, as far as it lets us."""
    with contextlib.suppress(OSError, AttributeError):
        if sys.platform == "win32":
            import ctypes

            kernel = ctypes.windll.kernel32
            kernel.SetPriorityClass(kernel.GetCurrentProcess(), 0x80)  # HIGH_PRIORITY_CLASS
        else:
            os.setpriority(os.PRIO_PROCESS, 0, NICE)
    if sys.platform == "linux" and (os.cpu_count() or 1) > 1:  # the operator's window needs one too
        with contextlib.suppress(OSError):  # only where the user may (rtprio in limits.conf)
            least = os.sched_get_priority_min(os.SCHED_RR)
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(least))


class StageProcess:
    """Serves the operator's commands on one screen."""

    def __init__(self, pipe: Connection, spec: dict[str, Any]) -> None:
        from PySide6.QtGui import QGuiApplication

        from widgets.stage_display import StageDisplay

        screens = QGuiApplication.screens()
        chosen = next((s for s in screens if s.name() == spec.get("screen")), screens[-1])
        self.pipe = pipe
        self.full_screen = spec.get("windowed") is None
        self.display = StageDisplay(
            chosen, spec.get("windowed"), float(spec.get("gamma", 1.0)), spec.get("late")
        )
        self.measured: MeasuredRate | None = None
        self.command = ""
        self.closing = False
        at = self.display.flip()  # a gray screen at once, not what lay in the graphics memory
        width, height = self.display.size_px
        self.pipe.send(
            {
                "what": "opened", "width": width, "height": height, "screen": chosen.name(),
                "at": at,
            }
        )  # fmt: skip

    def serve(self) -> None:
        """Wait for commands until told to close, be it while a session runs."""
        while not self.closing:
            while not self.pipe.poll(0):
                self._idle()
                if self.display.wants_close:
                    return
            command = self.pipe.recv()
            if command["do"] == "close":
                return
            try:
                self._obey(command)
            except (ParameterError, FileProblem) as problem:
                field = getattr(problem, "field", "")
                fix = getattr(problem, "fix", None)
                self.pipe.send(
                    {"what": "refused", "sentence": str(problem), "field": field, "fix": fix}
                )

    def _idle(self) -> None:
        from PySide6.QtCore import QCoreApplication

        QCoreApplication.processEvents()
        time.sleep(IDLE_S)

    def _obey(self, command: dict[str, Any]) -> None:
        what = command["do"]
        if what == "check":
            self._check(command)
        elif what == "start":
            self._start(command)
        elif what == "front":
            self.display.bring_forward()
        elif what == "awake":
            self.pipe.send({"what": "message", "sentence": preflight.keep_awake()})
        elif what == "diode":
            self._diode(command)

    # ---- pre-flight ------------------------------------------------------------------------

    def _check(self, command: dict[str, Any]) -> None:
        """Measure the screen and say what was found."""
        self.display.background(128)
        self.display.show(())
        measured = self.measured = self.display.measure(int(command.get("flips", CHECK_FLIPS)))
        facts = vars(self._facts(measured, command))
        self._stand_by()
        self.pipe.send({"what": "checked", "facts": facts})

    def _stand_by(self) -> None:
        """What the participant reads while no session runs."""
        image = draw_text(STAND_BY, STAND_BY_PX, 128)
        self.display.background(128)
        self.display.upload("page", image)
        self.display.show((Layer("page", 0, 0, float(image.shape[1]), float(image.shape[0])),))
        self.display.flip()

    def _facts(self, measured: MeasuredRate, command: dict[str, Any]) -> preflight.Facts:
        from PySide6.QtGui import QGuiApplication

        screens = []
        for one in QGuiApplication.screens():
            area = one.geometry()
            screens.append((one.name(), area.x(), area.y(), area.width(), area.height()))
        width, height = self.display.size_px
        return preflight.Facts(
            hz=measured.hz,
            sd_ms=measured.sd_ms,
            longest_ms=1000 * float(measured.intervals.max()),
            flips=len(measured.intervals),
            paced=self.display.paced,
            reported_hz=self.display.screen.refreshRate(),
            scale=self.display.window.devicePixelRatio(),
            composited=preflight.composited(),
            full_screen=self.full_screen,
            screens=screens,
            screen=self.display.screen.name(),
            width_px=width,
            height_px=height,
            dims_after_min=preflight.dims_after_min(),
            texture_mb=float(command.get("texture_mb", 0.0)),
            free_mb=preflight.free_mb(),
            pictures=int(command.get("pictures", 0)),
            wayland=QGuiApplication.platformName().startswith("wayland"),
            late=int((measured.intervals > LATE_RATIO * measured.period_s).sum()),
        )

    # ---- presenting ------------------------------------------------------------------------

    def _start(self, command: dict[str, Any]) -> None:
        design = from_document(command["design"])
        monitor = MonitorProfile(**command["monitor"])
        measured = self.measured or self.display.measure(CHECK_FLIPS)
        self.measured = measured
        out, session = Path(command["out"]), command["session"]
        simulated = str(command.get("participant", ""))
        if command.get("resume"):
            log = Session.resume(out, command["subject"], session, design.task)
            design = log.design
            seed = int(log.header["seed"])
            planned = plan(design, measured, command["subject"], seed, log.monitor)
        else:
            planned = plan(design, measured, command["subject"], int(command["seed"]), monitor)
            log = Session.create(out, planned, session, simulated, measured.hz)
        self._present(planned, log, measured, command, simulated)

    def _present(
        self, planned: Plan, log: Session, measured: MeasuredRate, command: dict[str, Any],
        simulated: str,
    ) -> None:  # fmt: skip
        self.command = ""
        stimuli = Stimuli(planned.design)
        presenter = Presenter(
            planned,
            self.display,
            stimuli,
            log,
            measured,
            observer_for(simulated, planned.design, stimuli, planned.seed, planned.subject)
            if simulated
            else None,
            Triggers(outputs_of(command.get("triggers", ()))),
            self.pipe.send,
            self._control,
            PATIENCE_S if simulated else 0.0,
        )
        self.display.bring_forward()
        presenter.run()
        self._stand_by()

    def _control(self) -> str:
        """What the operator wants now: "" go on, "pause", "abort" or "retry"."""
        if self.command == "retry":
            self.command = ""
        while self.pipe.poll(0):
            wanted = self.pipe.recv()["do"]
            if wanted == "close":
                self.command, self.closing = "abort", True
            elif wanted in ("pause", "abort", "retry"):
                self.command = wanted
            elif wanted == "go":
                self.command = ""
            elif wanted == "front":
                self.display.bring_forward()
        if self.display.wants_close:
            self.command = "abort"
        return self.command

    # ---- photodiode ------------------------------------------------------------------------

    def _diode(self, command: dict[str, Any]) -> None:
        """Flash the patch; with a photodiode on a serial port, measure flip to light."""
        from backend.stage.diode import Listener, delays_of

        width, height = self.display.size_px
        x, y = -width / 2 + PATCH_PX / 2, -height / 2 + PATCH_PX / 2
        lit = (Layer(PATCH, x, y, PATCH_PX, PATCH_PX, level=255),)
        triggers = Triggers(outputs_of(command.get("triggers", ())))
        listener = Listener(command["port"]) if command.get("port") else None
        stamps = []
        try:
            for number in range(DIODE_FLASHES * DIODE_PERIOD):
                phase = number % DIODE_PERIOD
                if phase in (0, DIODE_ON):
                    self.display.show(lit if phase == 0 else ())
                moment = self.display.flip()
                if phase == 0:
                    stamps.append(moment)
                    triggers.send(int(command.get("code", 1)), moment)
                if self._control() == "abort":
                    break
        finally:
            triggers.close()
            heard = listener.stop() if listener is not None else []
            self.command = ""
        found = delays_of(np.array(stamps), np.array(heard)) if listener is not None else None
        self.pipe.send({"what": "diode", "flashes": len(stamps), "delays": found})
