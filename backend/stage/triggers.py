"""Trigger outputs: LSL and serial behind one interface, with a loop-back self-test.

A device that is unplugged during a run is reported once; the run goes on and later triggers are
logged as not sent.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from backend.core.parameters import ParameterError

LIMIT_S = 5.0
WRITE_LIMIT_S = 0.1


class TriggerOutput(Protocol):
    """Something that marks moments for a recording."""

    name: str

    def send(self, code: int) -> None:
        """Send a code 1-255; OSError when the device is gone."""
        ...

    def close(self) -> None:
        """Let the device go."""
        ...


@dataclass(frozen=True)
class Sent:
    """A trigger as logged: code, time of its flip, and whether every device took it.

    ``sent`` is None when there is no device.
    """

    code: int
    time: float
    sent: bool | None


@dataclass
class Recorder:
    """An output that remembers, for tests and for runs without a device."""

    name: str = "recorder"
    codes: list[int] = field(default_factory=list)
    fails_after: int | None = None

    def send(self, code: int) -> None:
        """Remember; OSError once ``fails_after`` codes have passed."""
        if self.fails_after is not None and len(self.codes) >= self.fails_after:
            raise OSError("device unplugged")
        self.codes.append(code)

    def close(self) -> None:
        """Nothing to close."""


class SerialTriggers:
    """One byte a trigger on a serial port, followed by 0 when ``reset`` (level-coded inputs)."""

    def __init__(self, port: str, baud: int = 115_200, reset: bool = False) -> None:
        serial = _package("serial", "pyserial")
        self.name = f"serial port {port}"
        self.reset = reset
        try:
            self._port = serial.serial_for_url(
                port, baudrate=baud, timeout=LIMIT_S, write_timeout=WRITE_LIMIT_S
            )
        except (serial.SerialException, ValueError, OSError) as error:
            raise ParameterError(
                "port", f"{port} cannot be opened as a serial port. Check its name and cable."
            ) from error

    def send(self, code: int) -> None:
        """Write the byte and wait until it has left."""
        self._port.write(bytes((code, 0)) if self.reset else bytes((code,)))
        self._port.flush()

    def receive(self, count: int) -> bytes:
        """Bytes that came back within the limit (loop-back)."""
        return bytes(self._port.read(count))

    def close(self) -> None:
        """Close the port."""
        self._port.close()


class LslTriggers:
    """A Lab Streaming Layer marker stream of one int32 channel."""

    def __init__(self, stream: str = "Isomorph triggers", identifier: str = "isomorph") -> None:
        self._lsl = _package("pylsl", "pylsl")
        self.name = f"LSL stream {stream}"
        info = self._lsl.StreamInfo(stream, "Markers", 1, 0, "int32", identifier)
        self.identifier = identifier
        self._outlet = self._lsl.StreamOutlet(info)

    def send(self, code: int) -> None:
        """Push a sample with LSL's own time stamp."""
        self._outlet.push_sample([code])

    def close(self) -> None:
        """End the stream."""
        del self._outlet


def serial_ports() -> list[str]:
    """Names of the serial ports of this machine."""
    tools = _package("serial.tools.list_ports", "pyserial")
    return [port.device for port in tools.comports()]


@dataclass(frozen=True)
class SelfTest:
    """Result of a loop-back test: delays in ms of the codes that came back, in order."""

    output: str
    sent: tuple[int, ...]
    came_back: tuple[int, ...]
    delays_ms: tuple[float, ...]

    @property
    def passed(self) -> bool:
        return self.sent == self.came_back

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        if self.passed:
            worst = max(self.delays_ms)
            return f"{self.output}: all {len(self.sent)} codes came back, within {worst:.1f} ms."
        return (
            f"{self.output}: {len(self.came_back)} of {len(self.sent)} codes came back. "
            f"Connect its output to its input and test again."
        )


def loop_serial(port: str = "loop://", codes: Sequence[int] = (1, 2, 10, 20, 255)) -> SelfTest:
    """Send codes on a port whose output is wired to its input and read them back."""
    output = SerialTriggers(port)
    try:
        return _loop(output.name, output.send, lambda: list(output.receive(1)), codes)
    finally:
        output.close()


def loop_lsl(codes: Sequence[int] = (1, 2, 10, 20, 255), limit_s: float = LIMIT_S) -> SelfTest:
    """Send codes through an LSL stream to an inlet of our own and read them back."""
    lsl = _package("pylsl", "pylsl")
    output = LslTriggers("Isomorph self-test", f"isomorph-{time.monotonic_ns()}")
    inlet = None
    try:
        found = lsl.resolve_byprop("source_id", output.identifier, 1, limit_s)
        if not found:
            return SelfTest(output.name, tuple(codes), (), ())
        inlet = lsl.StreamInlet(found[0])
        inlet.open_stream(limit_s)

        def receive() -> list[int]:
            sample, _ = inlet.pull_sample(limit_s)
            return [int(sample[0])] if sample else []

        return _loop(output.name, output.send, receive, codes)
    finally:
        if inlet is not None:
            inlet.close_stream()
        output.close()


def _loop(
    name: str, send: Callable[[int], None], receive: Callable[[], list[int]], codes: Sequence[int]
) -> SelfTest:
    back: list[int] = []
    delays: list[float] = []
    for code in codes:
        start = time.perf_counter()
        send(code)
        came = receive()
        if not came:
            break
        delays.append(1000.0 * (time.perf_counter() - start))
        back += came
    return SelfTest(name, tuple(codes), tuple(back), tuple(delays))


class Triggers:
    """All outputs of a run; a lost one is reported once and the run goes on."""

    def __init__(
        self,
        outputs: Sequence[TriggerOutput] = (),
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.outputs = list(outputs)
        self.say = say
        self.any = bool(self.outputs)
        self.lost: list[str] = []

    def send(self, code: int, moment: float) -> Sent:
        """Send to every output that is left."""
        for output in tuple(self.outputs):
            try:
                output.send(code)
            except Exception as error:  # each library has its own; none may end a session
                self._lose(output, error)
        return Sent(code, moment, not self.lost if self.any else None)

    def _lose(self, output: TriggerOutput, error: Exception) -> None:
        self.outputs.remove(output)
        self.lost.append(output.name)
        self.say(
            f"The {output.name} no longer answers ({error}). The session goes on; triggers from "
            f"here are logged as not sent. Plug it in again before the next session."
        )

    def close(self) -> None:
        """Let all devices go; one that was pulled out may not end the session's files."""
        for output in self.outputs:
            with contextlib.suppress(Exception):
                output.close()


def outputs_of(texts: Sequence[str]) -> list[TriggerOutput]:
    """Outputs from words: "lsl" or "serial:PORT"; ParameterError for anything else."""
    outputs: list[TriggerOutput] = []
    for text in texts:
        kind, _, port = text.partition(":")
        if text == "lsl":
            outputs.append(LslTriggers())
        elif kind == "serial" and port:
            outputs.append(SerialTriggers(port))
        else:
            raise ParameterError(
                "triggers", f'"{text}" is no trigger output. Use lsl or serial:PORT.'
            )
    return outputs


def _package(name: str, package: str) -> Any:
    """Import a trigger library, or say how to get it."""
    import importlib

    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError, OSError) as error:
        raise ParameterError(
            "triggers",
            f"The package {package} or its library is missing ({str(error)[:60]}). Install it, or "
            f"run without these triggers.",
        ) from error
