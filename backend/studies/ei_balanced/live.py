"""The endless procedure: a network that runs until stopped, steered and rebuilt while it runs.

Source: 01-ei-balanced-network; live views of spec section 6.
"""

from __future__ import annotations

import threading

from backend.core.parameters import ParameterError
from backend.core.run import Cancelled, ChangeAt, Run
from backend.studies.ei_balanced.checks import check
from backend.studies.ei_balanced.panels import panel_of
from backend.studies.ei_balanced.parameters import BalancedParameters
from backend.studies.ei_balanced.sessions import REBUILDS, BrianSession, Session, build


class Builder(threading.Thread):
    """Builds a session beside the running one; the result is taken at a block border."""

    def __init__(self, parameters: BalancedParameters) -> None:
        super().__init__(name="rebuild of ei-balanced-network", daemon=True)
        self.parameters = parameters
        self.session: Session | None = None
        self.problem: Exception | None = None
        self.share = 0.0
        self._stop_asked = threading.Event()

    def run(self) -> None:
        try:
            check(self.parameters, "free")
            self.session = build(self.parameters, self._progress)
        except Cancelled:
            pass
        except Exception as error:  # handed to the worker, which reports it
            self.problem = error

    def _progress(self, done: int, total: int) -> None:
        self.share = done / max(total, 1)
        if self._stop_asked.is_set():
            raise Cancelled

    def stop(self) -> None:
        """Give up, and wait until the thread is gone."""
        self._stop_asked.set()
        self.join()


class Rebuilds:
    """At most one rebuild under way; a newer change replaces it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.builder: Builder | None = None

    def order(self, parameters: BalancedParameters) -> None:
        """Start building for these parameters."""
        self.stop()
        self.builder = Builder(parameters)
        self.builder.start()
        self.run.rebuilding = "rebuilding"

    def stop(self) -> None:
        """Drop the rebuild under way."""
        if self.builder is not None:
            self.builder.stop()
            self.builder = None
        self.run.rebuilding = ""

    def ready(self) -> Session | None:
        """The new session once it is there; a problem becomes a note and the old one stays."""
        builder = self.builder
        if builder is None:
            return None
        if builder.is_alive():
            self.run.rebuilding = f"rebuilding, {100.0 * builder.share:.0f} %"
            return None
        self.stop()
        if builder.problem is not None:
            self.run.note(f"The old network goes on. {sentence_of(builder.problem)}")
        return builder.session

    def at_once(self, parameters: BalancedParameters) -> Session | None:
        """Build in this thread: Brian2 insists on it, and a repeated run swaps at its step."""
        self.stop()
        try:
            check(parameters, "free")
            return build(parameters, lambda *_: self.run.check())
        except (ParameterError, MemoryError) as error:
            self.run.note(f"The old network goes on. {sentence_of(error)}")
            return None


def needs_own_process(parameters: BalancedParameters) -> bool:
    """True for Brian2, which must not be loaded beside the window."""
    return parameters.mode == "S2" and parameters.engine == "brian2"


def sentence_of(error: Exception) -> str:
    """What went wrong, for people."""
    if isinstance(error, ParameterError):
        return error.sentence
    if isinstance(error, MemoryError):
        return "The new one does not fit into memory. Use fewer cells."
    return f"The new one could not be built ({type(error).__name__})."


def run_free(run: Run) -> None:
    """Run until stopped; every rebuild continues the clock with a new network."""
    run.status("building")
    session: Session | None = build(run.parameters, lambda *_: run.check())
    run.status("")
    rebuilds = Rebuilds(run)
    first = 0
    try:
        while session is not None:
            session, first = _run_session(run, session, first, rebuilds)
    finally:
        rebuilds.stop()


def _run_session(
    run: Run, session: Session, first: int, rebuilds: Rebuilds
) -> tuple[Session | None, int]:
    """Advance one session; returns its successor and the successor's first clock step."""
    unit = session.unit
    session.start_at(first * unit)
    panel = panel_of(run, session, first * unit)
    repeated = run.repeating
    for block in run.blocks(unit * session.dt, first=first):
        changed = block.changed
        if changed:
            _take(run, session, changed)
            panel.changed(changed)
        new = None
        if changed & REBUILDS:
            if needs_own_process(run.parameters) and not isinstance(session, BrianSession):
                run.note("Brian2 needs a process of its own: stop, and run again to use it.")
            elif repeated or isinstance(session, BrianSession):
                new = rebuilds.at_once(run.parameters)
            else:
                rebuilds.order(run.parameters)
        new = new or rebuilds.ready()
        if new is not None:
            new.take(run.parameters, frozenset(type(run.parameters).model_fields))
            _record_swap(run, block.start)
            run.event("new network")
            forget(run)
            return new, round(block.time / (new.unit * new.dt))
        end = (block.start + block.steps) * unit
        events = session.advance(block.steps * unit)
        panel.add(events, end)
        if block.publish:
            panel.publish()
    panel.finish()
    return None, 0


def forget(run: Run) -> None:
    """Values and exports of the old network do not speak for the new one."""
    run.result.values = {}
    run.lead("")
    run.offers, run.monitors = {}, {}


def _take(run: Run, session: Session, changed: frozenset[str]) -> None:
    """Hand live values over; a stimulus or trace that cannot be read leaves the old one."""
    try:
        session.take(run.parameters, changed)
    except ParameterError as error:
        run.note(error.sentence)


def _record_swap(run: Run, step: int) -> None:
    """Date the rebuild at the step it took effect, so that a repeated run swaps there too."""
    for number in range(len(run.changes) - 1, -1, -1):
        values = run.changes[number].values
        rebuilt = {name: value for name, value in values.items() if name in REBUILDS}
        if rebuilt:
            live = {name: value for name, value in values.items() if name not in REBUILDS}
            earlier = [ChangeAt(run.changes[number].step, live)] if live else []
            run.changes[number : number + 1] = [*earlier, ChangeAt(step, rebuilt)]
            return
