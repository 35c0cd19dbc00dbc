"""Exported figures: legends clear of the data, words that can be read, only what is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.core import figures
from backend.core.views import Axis, Marker, Series, View

LONG = tuple(Series(f"s{i}", f"a rather long name {i}", str(i + 1)) for i in range(6))
X = np.arange(20.0)


def drawn(view: View, data: dict[str, Any], width: float, monkeypatch: Any) -> Any:
    """The matplotlib figure of a view, after all was placed."""
    from matplotlib.figure import Figure

    kept: list[Any] = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *a, **k: (kept.append(self), save(self, *a, **k))[0]
    )
    figures.render(view, data, "png", figures.Size(width))
    kept[0].canvas.draw()
    return kept[0]


def legend_words(view: View, data: dict[str, Any], monkeypatch: Any) -> list[str]:
    legend = drawn(view, data, 120, monkeypatch).axes[0].get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("width", [85, 120, 180])
def test_the_legend_stands_above_the_data_and_inside_the_figure(
    width: float, monkeypatch: Any
) -> None:
    view = View("v", "Rates", "traces", "c", x=Axis("time", "ms"), y=Axis("rate"), series=LONG)
    data = {"x": X, **{s.name: X + i for i, s in enumerate(LONG)}}
    figure = drawn(view, data, width, monkeypatch)
    axes = figure.axes[0]
    legend, box = axes.get_legend().get_window_extent(), axes.get_window_extent()
    title = axes.get_tightbbox().y1
    assert legend.y0 >= box.y1 - 0.5
    assert legend.x0 >= 0
    assert legend.x1 <= figure.bbox.width
    assert title <= figure.bbox.height
    assert box.height > 0.4 * figure.bbox.height


def test_series_without_a_number_stay_out_of_the_legend(monkeypatch: Any) -> None:
    view = View("v", "Rates", "traces", "c", series=LONG[:4])
    data = {"x": X, "s0": X, "s1": X * np.nan, "s2": X}
    assert legend_words(view, data, monkeypatch) == [LONG[0].label, LONG[2].label]


def test_a_raster_names_only_groups_that_have_spikes(monkeypatch: Any) -> None:
    view = View("v", "Volleys", "raster", "c", series=LONG[:4])
    data = {"time": X, "row": X, "group": np.where(X < 5, 0, 2)}
    assert legend_words(view, data, monkeypatch) == [LONG[0].label, LONG[2].label]


def test_words_of_a_mark_are_drawn_once() -> None:
    view = View("v", "Figure", "editor", "c", colour_map="CET-L1", limits=(0.0, 255.0))
    ring = Marker("ring", 10, 10, 4, "critical 9.8 px", "hole")
    white = Marker("text", 3, 3, 0, "white words")
    content = figures.render(view, {"image": np.zeros((20, 20)), "markers": [ring, white]}, "svg")
    assert content.decode().count("critical 9.8 px</text>") == 1
    assert content.decode().count("white words</text>") == 1


def test_checks_keep_their_subscripts_and_fit(monkeypatch: Any) -> None:
    rich = "<i>f</i><sub>E</sub>/<i>f</i><sub>I</sub> &gt; <i>w</i><sub>EI</sub>"
    assert figures.rich_text(rich).replace("$$", "") == (
        r"$\mathit{f}{}_{\mathrm{E}}$/$\mathit{f}{}_{\mathrm{I}}$ > $\mathit{w}{}_{\mathrm{EI}}$"
    )
    view = View("v", "Balance condition", "checks", "c")
    rows = [(rich, True, "3.00 > 1.00"), ("a long line " * 6, None, "E 25.6 Hz · I 11.7 Hz")]
    figure = drawn(view, {"rows": rows}, 85, monkeypatch)
    by_height: dict[float, list[Any]] = {}
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height
        by_height.setdefault(round(text.get_position()[1], 4), []).append(box)
    for boxes in by_height.values():
        right, left = sorted(boxes, key=lambda box: -box.x0)
        assert left.width == 0 or right.width == 0 or left.x1 < right.x0


def test_currents_take_the_colour_of_their_population(monkeypatch: Any) -> None:
    view = View("v", "Currents", "bars", "c", series=(Series("values", "current", "E", "bars"),))
    figure = drawn(view, {"labels": ["F", "E"], "values": [1, 2]}, 85, monkeypatch)
    from matplotlib.colors import to_hex

    colours = {to_hex(bar.get_facecolor()).upper() for bar in figure.axes[0].patches}
    assert colours == {figures.data_colour("E", "light").upper()}


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_a_dollar_or_a_tag_in_a_name_does_no_harm(tmp_path: Path, form: str) -> None:
    series = (Series("a", "costs $ 5 & <i>J_x</i>"), Series("b", "<sub>a b%</sub>"))
    view = View("v", "Odd", "traces", "c", series=series)
    figures.export(tmp_path / f"odd.{form}", view, {"x": X, "a": X, "b": X}, figures.Size(85))
    assert (tmp_path / f"odd.{form}").stat().st_size > 1000
    assert not re.search(r"<[^>]+>", figures.plain_text(series[0].label))


def image_drawn(view: View, data: dict[str, Any], monkeypatch: Any) -> Any:
    return drawn(view, data, 85, monkeypatch).axes[0].images[0]


@pytest.mark.parametrize("kind", ["image", "matrix"])
def test_signed_images_keep_both_signs_on_paper(kind: Any, monkeypatch: Any) -> None:
    view = View("ci", "Classification image", kind, "ci", colour_map="CET-D1A")
    image = np.array([[-3.0, 1.0], [0.0, 2.0]])
    assert image_drawn(view, {"image": image}, monkeypatch).get_clim() == (-3.0, 3.0)


def test_a_matrix_has_the_ends_and_the_place_its_data_bring(monkeypatch: Any) -> None:
    view = View("m", "Share", "matrix", "m", origin="lower", square=False)
    data = {
        "image": np.ones((2, 4)), "limits": (0.0, 5.0), "extent": (0.0, -0.5, 1.0, 1.5),
        "y_labels": ["a", "b"], "x_title": "kurtosis",
    }  # fmt: skip
    made = image_drawn(view, data, monkeypatch)
    assert made.get_clim() == (0.0, 5.0)
    assert tuple(made.get_extent()) == (0.0, 1.0, -0.5, 1.5)
    assert made.axes.get_xlabel() == "kurtosis"


def test_the_sizes_of_bars_are_named_along_them(monkeypatch: Any) -> None:
    """Bars stand on the screen and lie on paper; their title and errors lie with them."""
    view = View("v", "Decoding", "bars", "v", y=Axis("held-out score"))
    data = {"labels": ["a", "b"], "values": [0.5, 0.7], "low": [0.5, 0.6], "high": [0.5, 0.8]}
    axes = drawn(view, data, 100.0, monkeypatch).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("held-out score", "")
    assert axes.get_xlim()[1] > 0.8
