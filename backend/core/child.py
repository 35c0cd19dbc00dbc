"""A run in a spawned child process, behind the same interface as one in a thread.

For engines that hold the GIL (Brian2): the study runs in the child's main thread; the worker
thread of the parent supervises, forwards commands down and channels up.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import threading
import time
import traceback
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from backend.core.channels import Channel
from backend.core.run import Cancelled, ChangeAt, Run
from backend.core.study import Study

GRACE_S = 0.4


class ChildProblem(RuntimeError):
    """The child process ended without a result."""


def run_isolated(study: Study, run: Run) -> None:
    """Run a study in a child process and mirror it into ``run``; raises as the study would."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    spec = {
        "module": type(study).__module__,
        "parameters": run.parameters.document(),
        "procedure": run.procedure,
        "duration": run.duration,
        "directory": run.directory,
        "schedule": list(run._schedule),
    }
    process = context.Process(target=child_main, args=(theirs, spec), name=f"child of {study.id}")
    process.start()
    theirs.close()
    try:
        supervise(ours, process, run)
    finally:
        if process.is_alive():
            process.terminate()
        process.join(5)
        ours.close()


def supervise(pipe: Connection, process: Any, run: Run) -> None:
    """Pump messages until the child says it is done; a child that ignores cancel is ended."""
    sent: tuple[Any, ...] = ()
    cancelled_at: float | None = None
    while True:
        command = (run.paused, run.speed, run.drawing)
        if command != sent:
            pipe.send(("control", command))
            sent = command
        with run._condition:
            changes, run._pending = run._pending, {}
            singles, run._singles = run._singles, 0
        if changes:
            pipe.send(("change", changes))
        for _ in range(singles):
            pipe.send(("step", None))
        if run._cancelled.is_set() and cancelled_at is None:
            cancelled_at = time.monotonic()
            pipe.send(("cancel", None))
        if run._finish.is_set():
            pipe.send(("finish", None))
        if cancelled_at is not None and time.monotonic() - cancelled_at > GRACE_S:
            raise Cancelled
        run._border()
        try:
            until = time.monotonic() + 0.05  # a chatty child must not starve our commands
            while pipe.poll(0.03) and time.monotonic() < until:
                if mirror(pipe.recv(), run):
                    return
        except (EOFError, ConnectionError):
            raise ChildProblem(
                f"The engine's process ended (exit code {process.exitcode})"
            ) from None


def mirror(message: tuple[str, Any], run: Run) -> bool:
    """Apply one message of the child to the parent's run; True when it was the last."""
    kind, content = message
    if kind == "publish":
        name, args, kwargs = content
        run.channels[name].publish(*args, **kwargs)
    elif kind == "state":
        run.__dict__.update(content)
    elif kind == "result":
        run.result = content
    elif kind == "end":
        result, changes, parameters, offers = content
        run.result, run.changes, run.parameters = result, changes, parameters
        for name, label, made in offers:
            run.offer(name, label, partial(itself, made))
        return True
    elif kind == "cancelled":
        raise Cancelled
    elif kind == "error":
        error, text = content
        raise error from ChildProblem(text)
    return False


def itself(made: Any) -> Any:
    """What the child made already."""
    return made


class RemoteChannel:
    """A channel of the child that sends what it is given to the parent."""

    def __init__(self, name: str, inner: Channel, pipe: Connection, lock: threading.Lock) -> None:
        self.name, self.inner, self.pipe, self.lock = name, inner, pipe, lock
        self.revision = 0

    def publish(self, *args: Any, **kwargs: Any) -> None:
        self.revision += 1
        with self.lock:
            self.pipe.send(("publish", (self.name, args, kwargs)))

    def snapshot(self) -> dict[str, Any]:
        return self.inner.snapshot()

    def fresh(self) -> Channel:
        return self.inner.fresh()


def child_main(pipe: Connection, spec: dict[str, Any]) -> None:
    """Main of the child: the study in this thread, a listener and a status sender beside it."""
    study = importlib.import_module(spec["module"]).STUDY
    parameters = study.Parameters.from_document(spec["parameters"])
    schedule: tuple[ChangeAt, ...] = tuple(spec["schedule"])
    run = Run(study, parameters, spec["procedure"], schedule, spec["duration"], spec["directory"])
    lock = threading.Lock()
    run.channels = {
        name: RemoteChannel(name, channel, pipe, lock) for name, channel in run.channels.items()
    }
    over = threading.Event()
    threading.Thread(target=listen, args=(pipe, run, over), daemon=True).start()
    threading.Thread(target=tell, args=(pipe, run, over, lock), daemon=True).start()
    message: tuple[str, Any]
    try:
        study.run(run)
        offers = [(offer.name, offer.label, offer.make()) for offer in run.offers.values()]
        message = ("end", (run.result, run.changes, run.parameters, offers))
    except Cancelled:
        message = ("cancelled", None)
    except Exception as error:
        message = ("error", (portable(error), traceback.format_exc()))
    over.set()
    with lock, contextlib.suppress(BrokenPipeError, OSError):
        pipe.send(("state", state_of(run)))
        pipe.send(message)


def portable(error: Exception) -> Exception:
    """An exception that survives the pipe."""
    import pickle

    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def state_of(run: Run) -> dict[str, Any]:
    """What the parent shows of a run."""
    names = (
        "clock", "steps", "step_length", "done", "activity", "rate", "monitors", "events",
        "stopped_by", "rebuilding",
    )  # fmt: skip
    return {name: getattr(run, name) for name in names}


def tell(pipe: Connection, run: Run, over: threading.Event, lock: threading.Lock) -> None:
    """Send the run's state and values up ten times a second."""
    while not over.wait(0.1):
        with lock, contextlib.suppress(BrokenPipeError, OSError):
            pipe.send(("state", state_of(run)))
            pipe.send(("result", run.result))


def listen(pipe: Connection, run: Run, over: threading.Event) -> None:
    """Apply the parent's commands; a parent that is gone cancels the run."""
    while not over.is_set():
        try:
            if not pipe.poll(0.2):
                continue
            kind, content = pipe.recv()
        except (EOFError, OSError):
            run.cancel()
            return
        if kind == "control":
            paused, run.speed, run.drawing = content
            run.pause() if paused else run.resume()
        elif kind == "change":
            run.change(**content)
        elif kind == "step":
            run.single_step()
        elif kind == "cancel":
            run.cancel()
        elif kind == "finish":
            run.finish()
