"""Photodiode on a serial port: one byte at each light onset; flip to light in ms."""

from __future__ import annotations

import threading
import time

import numpy as np

from backend.core.files import FileProblem

LONGEST_S = 0.2


class Listener:
    """Stamps every byte a photodiode box sends; FileProblem when the port cannot be opened."""

    def __init__(self, port: str, baud: int = 115_200) -> None:
        try:
            import serial

            self.serial = serial.serial_for_url(port, baud, timeout=0.05)
        except Exception as error:  # pyserial raises many kinds
            raise FileProblem(
                f"The photodiode on {port} cannot be opened ({error}). Check the cable and port."
            ) from error
        self.stamps: list[float] = []
        self._going = True
        self._thread = threading.Thread(target=self._listen, name="photodiode")
        self._thread.start()

    def _listen(self) -> None:
        while self._going:
            try:
                if self.serial.read(1):
                    self.stamps.append(time.perf_counter())
            except Exception:  # unplugged: what was heard so far counts
                return

    def stop(self) -> list[float]:
        """End and return the stamps in seconds."""
        self._going = False
        self._thread.join()
        self.serial.close()
        return self.stamps


def delays_of(flips: np.ndarray, lights: np.ndarray) -> list[float]:
    """Delay in ms from each flip to the first light after it within 0.2 s; flips without are left
    out.
    """
    lights = np.sort(lights)
    found = []
    for flip, index in zip(flips, np.searchsorted(lights, flips), strict=True):
        if index < len(lights) and lights[index] - flip <= LONGEST_S:
            found.append(1000 * float(lights[index] - flip))
    return found
