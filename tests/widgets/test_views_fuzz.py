"""Whatever a model publishes, a view draws something and never raises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from backend.core.channels import Latest, Ring
from backend.core.views import Axis, Marker, Series, View
from widgets import theme
from widgets.views import make_view
from widgets.views.frame import ViewWidget

NUMBERS = st.one_of(
    st.floats(-1e6, 1e6),
    st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e-300, 1e300, -1e300]),
)
LINES = arrays.arrays(float, st.integers(0, 30), elements=NUMBERS)
IMAGES = arrays.arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=NUMBERS)
SERIES = (Series("a", "first", "E"), Series("b", "second", "theory"), Series("c", "third", "paper"))
LAX = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def light(qapp: QApplication) -> None:
    theme.apply(qapp, "light")


def shown(qtbot: QtBot, view: View, channel: Any) -> ViewWidget:
    """The view after one drawing, its data and words asked for."""
    widget = make_view(view)
    qtbot.addWidget(widget)
    widget.resize(320, 200)
    widget.show()
    widget.pull(channel)
    widget.grab()
    if hasattr(widget.canvas, "set_cursor"):
        widget.canvas.set_cursor(1.0)
        widget.grab()
    widget.summary()
    widget.data()
    widget.close()
    return widget


@LAX
@given(x=LINES, a=LINES, b=LINES, log=st.booleans(), kind=st.sampled_from(["traces", "scatter"]))
def test_lines(qtbot: QtBot, x: np.ndarray, a: np.ndarray, b: np.ndarray, log: bool,
               kind: Any) -> None:  # fmt: skip
    x = np.sort(x)
    view = View("v", "V", kind, "c", x=Axis("x", log=log), y=Axis("y", log=log), series=SERIES,
                levels=(1.0,))  # fmt: skip
    channel = Latest()
    n = min(len(x), len(a), len(b))
    bands = {"a": (a[:n], b[:n])} if n == len(x) else {}
    channel.publish(x=x, a=a, b=b, c=a, bands=bands)
    shown(qtbot, view, channel)


@LAX
@given(rows=arrays.arrays(float, st.tuples(st.integers(0, 20), st.just(3)), elements=NUMBERS),
       span=st.sampled_from([None, 5.0]))  # fmt: skip
def test_ring_lines(qtbot: QtBot, rows: np.ndarray, span: float | None) -> None:
    ring = Ring(("x", "a", "b"), 16)
    rows = rows[np.argsort(rows[:, 0])]
    ring.publish(*rows.T)
    shown(qtbot, View("v", "V", "traces", "c", series=SERIES, span=span), ring)


@LAX
@given(times=st.lists(st.floats(-1e6, 1e6), max_size=30), span=st.sampled_from([None, 5.0]),
       group=st.integers(0, 5))  # fmt: skip
def test_spikes(qtbot: QtBot, times: list[float], span: float | None, group: int) -> None:
    ring = Ring(("time", "row", "group"), 16)
    times = sorted(times)
    ring.publish(times, np.arange(len(times)) * 7 % 5, np.full(len(times), group))
    shown(qtbot, View("v", "V", "raster", "c", series=SERIES, span=span), ring)


@LAX
@given(image=IMAGES, kind=st.sampled_from(["image", "matrix"]), lower=st.booleans(),
       colours=st.sampled_from(["viridis", "CET-D1A", "hot-cold"]), names=st.booleans(),
       number=NUMBERS)  # fmt: skip
def test_images(qtbot: QtBot, image: np.ndarray, kind: Any, lower: bool, colours: str,
                names: bool, number: float) -> None:  # fmt: skip
    channel = Latest()
    markers = [
        Marker("ring", number, 1.0, 2.0, "ring", dashed=lower),
        Marker("path", points=((0, 0), (1, number))),
        Marker("bar", 1, 1, 2, "bar"),
    ]
    extra = {"categories": ["one", "two"], "x_labels": ["a"], "y_labels": []} if names else {}
    channel.publish(image=image, markers=markers, **extra)
    view = View("v", "V", kind, "c", x=Axis("x"), colour_map=colours,
                origin="lower" if lower else "upper")  # fmt: skip
    shown(qtbot, view, channel)


@LAX
@given(edges=LINES, a=LINES, b=LINES, log=st.booleans())
def test_histograms(qtbot: QtBot, edges: np.ndarray, a: np.ndarray, b: np.ndarray,
                    log: bool) -> None:  # fmt: skip
    channel = Latest()
    channel.publish(edges=np.sort(edges), a=a, b_x=b, b=b)
    view = View("v", "V", "histogram", "c", y=Axis("n", log=log), series=SERIES, levels=(0.5,))
    shown(qtbot, view, channel)


@LAX
@given(values=LINES, place=st.sampled_from(["views", "result"]), log=st.booleans())
def test_bars(qtbot: QtBot, values: np.ndarray, place: Any, log: bool) -> None:
    channel = Latest()
    labels = [f"bar {i}" for i in range(len(values))]
    channel.publish(labels=labels, values=values, low=values - 1, high=values + 1)
    view = View("v", "V", "bars", "c", y=Axis("v", log=log), series=SERIES, place=place)
    shown(qtbot, view, channel)


@LAX
@given(x=LINES, y=LINES, threshold=st.one_of(st.none(), NUMBERS))
def test_psychometric(qtbot: QtBot, x: np.ndarray, y: np.ndarray, threshold: Any) -> None:
    n = min(len(x), len(y))
    channel = Latest()
    channel.publish(x=x[:n], y=y[:n], low=y[:n] - 1, high=y[:n] + 1, fit_x=x[:n], fit_y=y[:n],
                    threshold=threshold)  # fmt: skip
    shown(qtbot, View("v", "V", "psychometric", "c"), channel)


@LAX
@given(edges=LINES, here=st.one_of(st.none(), NUMBERS), lead=st.one_of(NUMBERS, st.text()))
def test_band_and_counters(qtbot: QtBot, edges: np.ndarray, here: Any, lead: Any) -> None:
    channel = Latest()
    channel.publish(x=np.sort(edges), labels=["a", "b"], here=here)
    shown(qtbot, View("v", "V", "band", "c"), channel)
    channel.publish(lead=lead, caption="count", rows=[("a", "b", "c")])
    shown(qtbot, View("v", "V", "counters", "c"), channel)
