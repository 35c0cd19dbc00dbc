"""Scrolling a stored set of 10,000 pictures in the contact sheet of a real window.

Run with ``python tests/benchmarks/contact_sheet.py`` on a display; prints JSON rows {name, value,
unit, peer, peer_value, ratio, bar, met}. Every frame scrolls further and is painted at once; a page
a frame is the worst case, since every cell is new.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

COUNT, SIDE, FRAMES = 10_000, 64, 200
BAR = 30.0
Row = dict[str, Any]


def stored(folder: Path) -> Any:
    """A set of 10,000 different pictures as the studio keeps it."""
    from backend.stimuli.set_store import SetStore
    from backend.stimuli.stimulus_set import StimulusSet

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (COUNT, SIDE, SIDE), np.uint8)
    names: dict[str, list[Any]] = {"name": [f"picture_{i:05d}" for i in range(COUNT)]}
    return SetStore(folder).save(StimulusSet(name="many", images=images, table=names))


def scrolled(sheet: Any, step: int) -> np.ndarray:
    """Seconds of each of :data:`FRAMES` frames that scroll by ``step`` px."""
    from PySide6.QtWidgets import QApplication

    bar = sheet.verticalScrollBar()
    bar.setValue(0)
    spent = []
    for number in range(1, FRAMES + 1):
        began = time.perf_counter()
        bar.setValue((number * step) % max(1, bar.maximum()))
        sheet.viewport().repaint()
        QApplication.processEvents()  # pictures that come late and the window system's share
        spent.append(time.perf_counter() - began)
    return np.array(spent)


def main() -> list[Row]:
    """Rows for three speeds."""
    from app.main import application
    from app.panels.stimuli.sources import SetPictures
    from backend.stimuli.set_store import SetStore
    from widgets import theme
    from widgets.contact_sheet import ContactSheet

    app = application()
    theme.apply(app, "light", 9, False, False)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        one = stored(Path(name))
        sheet = ContactSheet()
        sheet.resize(1100, 700)
        sheet.show()
        sheet.set_source(SetPictures(SetStore(Path(name)).load(one), one.thumbnails()))
        app.processEvents()
        visible = len(sheet.visible_range())
        pitch = sheet.cell + 3
        for words, step in (("a row", pitch), ("five rows", 5 * pitch), ("a page", 700)):
            spent = scrolled(sheet, step)
            rate = 1.0 / float(np.median(spent))
            longest = 1000 * float(spent.max())
            rows.append({
                "name": f"contact sheet, {words} a frame, {visible} of {COUNT} pictures in sight",
                "value": rate, "unit": "frames/s", "peer": "", "peer_value": None, "ratio": None,
                "bar": f">= {BAR:g} frames/s; longest {longest:.0f} ms", "met": rate >= BAR,
            })  # fmt: skip
        sheet.close()
    return rows


if __name__ == "__main__":
    print(json.dumps(main()))
