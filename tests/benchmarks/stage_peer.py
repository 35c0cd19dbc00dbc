"""PsychoPy's window in the stage benchmark, run by PsychoPy's own interpreter.

``python stage_peer.py PICTURES.npy STREAMS EACH FRAMES HZ WIDTH HEIGHT`` prints one line of JSON:
{"first": clock at the first flip, "prepare_s": [...], "flips": [[...], ...], "memory_mb": peak}.

Given the best pacing its documentation names: every picture an ImageStim made before its stream,
``core.rush``, ``core.wait`` that polls the clock up to each point of a frame grid, no garbage
collection inside a stream; and, beyond the documentation, drawing finished before the wait. The
window asks for no blanking wait: a virtual display has none.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path
from typing import Any


def main(arguments: list[str]) -> dict[str, Any]:
    """Show all streams; what was measured."""
    from psychopy import core, visual  # type: ignore[import-not-found]

    streams, each, frames, hz, width, height = (int(value) for value in arguments[1:])
    window = visual.Window(
        (width, height), fullscr=False, units="pix", color=(0, 0, 0), allowGUI=False,
        waitBlanking=False, checkTiming=False,
    )  # fmt: skip
    window.flip()
    first = time.perf_counter()
    core.rush(True)

    import numpy as np
    from PIL import Image

    pictures = np.load(arguments[0], mmap_mode="r")
    prepare, flips = [], []
    for stream in range(streams):
        # Read, not mapped: mapped pages would count as memory of this process.
        start = pictures.offset + stream * each * pictures[0].nbytes
        read = np.fromfile(arguments[0], np.uint8, each * pictures[0].size, offset=start)
        ready = [Image.fromarray(one) for one in read.reshape(each, *pictures.shape[1:])]
        del read
        began = time.perf_counter()
        size = pictures.shape[2], pictures.shape[1]
        shown = [visual.ImageStim(window, image=one, size=size, interpolate=True) for one in ready]
        prepare.append(time.perf_counter() - began)
        del ready
        flips.append(present(window, core, shown, frames, 1.0 / hz))
        del shown
    peak = memory_mb()
    window.close()
    return {"first": first, "prepare_s": prepare, "flips": flips, "memory_mb": peak}


def present(window: Any, core: Any, shown: list[Any], frames: int, period: float) -> list[float]:
    """Flip times in s of one stream on a frame grid; a missed point waits for the next one."""
    from pyglet import gl  # type: ignore[import-not-found]

    gc.disable()
    stamps: list[float] = []
    due = time.perf_counter()
    for picture in shown:
        for _ in range(frames):
            picture.draw()
            gl.glFinish()
            now = time.perf_counter()
            due += period * max(1, -int(-(now - due) // period))
            core.wait(due - time.perf_counter(), hogCPUperiod=0.2)
            window.flip()
            stamps.append(time.perf_counter())
    gc.enable()
    return stamps


def memory_mb() -> float:
    """Peak resident memory of this process in MB, as the system counted it."""
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) / 1000


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
