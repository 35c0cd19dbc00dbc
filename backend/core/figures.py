"""Declared views as publication figures: PNG, SVG or PDF at a chosen size, without a display.

The window draws the same declarations live; this is the one renderer of exports and reports.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.colours import Theme, colour_limits, hex_colour, map_table
from backend.core.files import replacing
from backend.core.views import Marker, Series, View, relabelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Data = Mapping[str, Any]
MM = 1 / 25.4
SETTINGS: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib; every format can embed it
    "font.size": 8.0,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "svg.hashsalt": "isomorph",
    "mathtext.fontset": "dejavusans",
}
STYLES = {"line": "-", "dash": (0, (5, 3)), "dot": ":", "dots": "none", "bars": "-"}
MOST_WORDS = 16
"""Words along a side of a matrix."""
ASPECT = {
    "image": 0.92,
    "editor": 0.92,
    "matrix": 0.9,
    "raster": 0.5,
    "bars": 0.5,
    "checks": 0.4,
    "band": 0.3,
}


def data_colour(meaning: str, theme: Theme) -> str:
    """Hex colour of a meaning in a theme."""
    return hex_colour(meaning, theme == "dark")


@dataclass(frozen=True)
class Size:
    """Of an exported figure: mm, dots per inch of a PNG, title drawn or not.

    ``height_mm`` None takes the usual shape of the kind.
    """

    width_mm: float = 120.0
    height_mm: float | None = None
    dpi: int = 200
    title: bool = True


def export(
    path: Path, view: View, data: Data, size: Size | None = None, theme: Theme = "light"
) -> None:
    """Write one view as a figure; the format is the file's ending (png, svg, pdf)."""
    content = render(view, data, path.suffix.lower().removeprefix("."), size, theme)
    with replacing(path) as file:
        file.write(content)


def render(
    view: View, data: Data, form: str = "png", size: Size | None = None, theme: Theme = "light"
) -> bytes:
    """One view as the bytes of a PNG, SVG or PDF."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = size or Size()
    view = relabelled(view, data)
    height = size.height_mm or size.width_mm * ASPECT.get(view.kind, 0.6)
    with rc_context(SETTINGS):
        figure = Figure(figsize=(size.width_mm * MM, height * MM))
        FigureCanvasAgg(figure)
        figure.set_facecolor(data_colour("base", theme))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0)) if view.kind in TEXT else figure.subplots()
        dress(axes, view, theme, size.title)
        if data and view.kind in TEXT:
            draw_text(figure, axes, view, data, theme, size)
        elif data:
            if "x_title" in data:
                axes.set_xlabel(rich_text(data["x_title"]), color=data_colour("text3", theme))
            if "y_title" in data:
                axes.set_ylabel(rich_text(data["y_title"]), color=data_colour("text3", theme))
            DRAW[view.kind](figure, axes, view, data, theme)
        else:
            axes.text(0.5, 0.5, "no data yet", ha="center", transform=axes.transAxes)
        if view.kind not in TEXT:
            for _ in range(2):  # the numbers beside a square image are known after the first
                figure.tight_layout(pad=0.6)
            place_legend(figure, axes, view, theme, grow=size.height_mm is None)
        out = BytesIO()
        metadata = {"Date": None} if form == "svg" else None
        figure.savefig(out, format=form, dpi=size.dpi, metadata=metadata)
    return out.getvalue()


def dress(axes: Axes, view: View, theme: Theme, title: bool) -> None:
    """Axes as UI.md section 6 wants them: left and bottom only, outside ticks, titles."""
    ink = data_colour("text3", theme)
    axes.set_facecolor(data_colour("base", theme))
    if title:
        set_title(axes, view.title, theme)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(ink)
    axes.tick_params(colors=ink, labelsize=7)
    axes.locator_params(axis="x", nbins=6)
    axes.set_xlabel(view.x.title, color=ink)
    axes.set_ylabel(view.y.title, color=ink)
    axes.grid(axis="y", color=data_colour("grid", theme), linewidth=0.6)
    axes.set_axisbelow(True)


def set_title(axes: Axes, words: str, theme: Theme, pad: float = 6.0) -> None:
    """Title at the left, ``pad`` points above the axes."""
    ink = data_colour("text", theme)
    axes.set_title(words, loc="left", pad=pad, fontsize=9, fontweight="bold", color=ink)


def limits(axes: Axes, view: View) -> None:
    """Fixed and logarithmic axes of a declaration."""
    if view.x.log:
        axes.set_xscale("log")
    if view.y.log:
        axes.set_yscale("log")
    if view.x.low is not None or view.x.high is not None:
        axes.set_xlim(view.x.low, view.x.high)
    if view.y.low is not None or view.y.high is not None:
        axes.set_ylim(view.y.low, view.y.high)


def place_legend(figure: Figure, axes: Axes, view: View, theme: Theme, grow: bool) -> None:
    """Legend between title and data, in as many rows as the width needs; never over data.

    ``grow`` makes the figure higher by the rows, so that the data keep their room.
    """
    handles, _ = axes.get_legend_handles_labels()
    if not handles or len(view.series) < 2:
        return
    room = figure.bbox.width - axes.get_window_extent().x0 - 0.04 * figure.dpi
    choices = [(n, 7.0) for n in range(len(handles), 0, -1)] + [(1, 6.0), (1, 5.0)]
    for columns, points in choices:
        made = axes.legend(
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            borderaxespad=0.2,
            borderpad=0.1,
            handlelength=1.8,
            columnspacing=1.2,
            labelspacing=0.3,
            ncols=columns,
            frameon=False,
            fontsize=points,
            labelcolor=data_colour("text", theme),
        )
        for handle in made.legend_handles:
            if view.kind == "raster" and handle is not None:
                handle.set(markersize=6, markeredgewidth=1.4)
        box = made.get_window_extent()
        if box.width <= room:
            break
    high = box.height / figure.dpi
    set_title(axes, axes.get_title("left"), theme, pad=72 * high + 5)
    if grow:
        figure.set_figheight(figure.get_figheight() + high)
    figure.tight_layout(pad=0.6)


def has_values(values: Any) -> bool:
    """False for a series that is absent, empty or not a number anywhere."""
    return values is not None and bool(np.isfinite(np.asarray(values, float)).any())


def line(axes: Axes, series: Series, x: Any, y: Any, theme: Theme) -> None:
    """One series in its colour and style."""
    axes.plot(
        x,
        y,
        color=data_colour(series.colour, theme),
        label=rich_text(series.label),
        linestyle=STYLES[series.style],
        linewidth=1.2,
        marker="o" if series.style == "dots" else None,
        markersize=3,
    )


def draw_traces(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    names = list(data)
    x = np.asarray(data.get("x", data[names[0]]))
    shown = x >= x.max() - view.span if view.span and len(x) else np.ones(len(x), bool)
    for series in view.series:
        if has_values(data.get(series.name)):
            y = np.asarray(data[series.name])
            own = data.get(f"{series.name}_x")
            if own is not None:
                line(axes, series, np.asarray(own), y, theme)
            else:
                line(axes, series, x[shown], y[shown], theme)
            band = (data.get("bands") or {}).get(series.name)
            if band is not None:
                axes.fill_between(
                    x[shown],
                    np.asarray(band[0])[shown],
                    np.asarray(band[1])[shown],
                    color=data_colour(series.colour, theme),
                    alpha=0.2,
                    lw=0,
                )
    words = data.get("x_labels")
    if words is not None and len(words):
        axes.set_xticks(range(len(words)), [rich_text(str(word)) for word in words])
    limits(axes, view)


def draw_raster(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    time, rows, group = (np.asarray(column) for column in list(data.values())[:3])
    shown = time >= time.max() - view.span if view.span and len(time) else np.ones(len(time), bool)
    for number, series in enumerate(view.series):
        mine = shown & (group == number)
        if not mine.any():
            continue
        axes.plot(
            time[mine],
            rows[mine],
            "|",
            markersize=1.2,
            rasterized=True,
            color=data_colour(series.colour, theme),
            label=rich_text(series.label),
        )
    axes.grid(False)
    limits(axes, view)


def colour_map(name: str) -> Any:
    """The bundled map of this name, as the window draws it."""
    from matplotlib.colors import ListedColormap

    return ListedColormap(map_table(name) / 255.0, name).with_extremes(bad="#E9ECF0")


def draw_image(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    image = np.asarray(data["image"])
    drawn = axes.imshow(image, **image_look(view, data), interpolation="nearest")
    axes.grid(False)
    for marker in data.get("markers") or ():
        draw_marker(axes, marker, theme)
    if image.ndim == 2:
        bar = figure.colorbar(drawn, ax=axes, fraction=0.046, pad=0.03)
        bar.set_label(view.unit, color=data_colour("text3", theme))
        bar.ax.tick_params(colors=data_colour("text3", theme), labelsize=7)
        bar.outline.set_visible(False)  # type: ignore[operator]


def draw_pictures(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    """Pictures in rows, each with its caption above it."""
    axes.set_axis_off()
    first = [("", data["image"])] if data.get("image") is not None else []
    pictures = [*first, *(data.get("parts") or ())]
    columns = max(1, round(float(np.sqrt(1.5 * len(pictures)))))
    rows = -(-len(pictures) // columns)
    for number, (caption, picture) in enumerate(pictures):
        row, column = divmod(number, columns)
        place = (column / columns, 1 - (row + 1) / rows, 0.94 / columns, 0.86 / rows)
        inset = axes.inset_axes(place)
        inset.imshow(np.asarray(picture), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        inset.set_axis_off()
        inset.set_title(caption, fontsize=6, pad=2, color=data_colour("text", theme))


def image_look(view: View, data: Data) -> dict[str, Any]:
    """Colours, their ends and the place of an image, as the window draws it."""
    image = np.asarray(data["image"])
    ends = view.limits or data.get("limits") or colour_limits(image, view.colour_map)
    extent = data.get("extent") or view.extent
    if extent is not None:
        left, bottom, right, top = extent
        rows = (bottom, top) if view.origin == "lower" else (top, bottom)
        extent = (left, right, *rows)
    return {
        "cmap": colour_map(view.colour_map), "vmin": ends[0], "vmax": ends[1],
        "extent": extent, "origin": view.origin,
    }  # fmt: skip


def draw_marker(axes: Axes, marker: Marker, theme: Theme) -> None:
    """A mark in data coordinates, white with a dark halo unless it has a colour."""
    from matplotlib import patheffects
    from matplotlib.patches import Circle

    colour = data_colour(marker.colour, theme)
    halo = [patheffects.withStroke(linewidth=2.4, foreground="black")]
    style = (0, (4, 3)) if marker.dashed else "-"
    if marker.kind == "ring":
        axes.add_patch(
            Circle(
                (marker.x, marker.y),
                marker.radius,
                fill=False,
                edgecolor=colour,
                linestyle=style,
                linewidth=1.2,
                path_effects=halo,
            )
        )
    elif marker.kind == "path":
        x, y = np.array(marker.points).T
        axes.plot(x, y, color=colour, linestyle=style, linewidth=0.8, path_effects=halo)
    elif marker.kind == "bar":
        axes.plot([marker.x, marker.x + marker.radius], [marker.y] * 2, color=colour, lw=2.5)
    elif marker.kind == "cross":
        axes.plot(marker.x, marker.y, "+", color=colour, path_effects=halo)
    if marker.label:
        draw_label(axes, marker, theme)


def draw_label(axes: Axes, marker: Marker, theme: Theme) -> None:
    """Words of a mark, once, on a ground of their own: above a ring or bar, else at its place."""
    up = -1.0 if axes.yaxis_inverted() else 1.0
    ring = marker.kind == "ring"
    white = marker.colour == "mark"
    axes.annotate(
        rich_text(marker.label),
        (marker.x, marker.y + (up * marker.radius if ring else 0.0)),
        xytext=(0, 4),
        textcoords="offset points",
        ha="center" if ring else "left",
        va="bottom",
        color=data_colour(marker.colour, theme),
        fontsize=7,
        bbox={
            "boxstyle": "square,pad=0.15",
            "facecolor": "black" if white else data_colour("base", theme),
            "edgecolor": "none",
            "alpha": 0.7 if white else 1.0,
        },
    )


def draw_histogram(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    edges = np.asarray(data["edges"])
    for series in view.series:
        if not has_values(data.get(series.name)):
            continue
        if series.style == "bars":
            axes.stairs(
                data[series.name],
                edges,
                fill=True,
                alpha=0.8,
                color=data_colour(series.colour, theme),
                label=rich_text(series.label),
            )
        elif f"{series.name}_x" in data:
            line(axes, series, data[f"{series.name}_x"], data[series.name], theme)
    limits(axes, view)


def draw_bars(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    labels = [rich_text(label) for label in data["labels"]]
    series = [one.colour for one in view.series] or ["1"]
    own = series if len(series) == len(labels) else series[:1] * len(labels)
    colours = data.get("colours") or own
    values = np.asarray(data["values"], float)
    axes.barh(labels, values, color=[data_colour(name, theme) for name in colours])
    if data.get("low") is not None and data.get("high") is not None:
        errors = [np.clip(values - data["low"], 0, None), np.clip(data["high"] - values, 0, None)]
        ink = data_colour("text2", theme)
        axes.errorbar(values, range(len(values)), xerr=errors, fmt="none", color=ink, capsize=3,
                      linewidth=1)  # fmt: skip
    if view.place != "result":  # bars stand on the screen and lie on paper: sizes go along x
        ink = data_colour("text3", theme)
        sizes, names = axes.get_ylabel(), axes.get_xlabel()
        axes.set_xlabel(sizes, color=ink)
        axes.set_ylabel(names, color=ink)
    axes.invert_yaxis()
    axes.axvline(0, color=data_colour("text3", theme), linewidth=0.6)


def draw_psychometric(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    colour = data_colour(view.series[0].colour if view.series else "spiking", theme)
    x, y = np.asarray(data["x"], float), np.asarray(data["y"], float)
    if data.get("band") is not None:
        ink = data_colour("text3", theme)
        axes.axhspan(*data["band"], color=ink, alpha=0.22, linewidth=0)
        words = str(data.get("band_label", ""))
        axes.annotate(words, (0.02, data["band"][1]), xycoords=("axes fraction", "data"),
                      va="bottom", fontsize="small", color=data_colour("text2", theme))  # fmt: skip
    if data.get("low") is not None:
        errors = [np.clip(y - data["low"], 0, None), np.clip(data["high"] - y, 0, None)]
        axes.errorbar(x, y, errors, fmt="o", color=colour, markersize=4, capsize=3, linewidth=1)
    else:
        axes.plot(x, y, "o", color=colour, markersize=4)
    if data.get("fit_x") is not None:
        axes.plot(data["fit_x"], data["fit_y"], color=colour, linewidth=1.4)
    if data.get("threshold") is not None and np.isfinite(data["threshold"]):
        ink = data_colour("text", theme)
        axes.axvline(data["threshold"], color=ink, linestyle=(0, (5, 3)), lw=1)
    limits(axes, view)


def draw_scatter(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    errors = data.get("errors") or {}
    for series in view.series:
        if not has_values(data.get(series.name)):
            continue
        own = f"{series.name}_x"
        x = data[own] if own in data else data["x"]
        line(axes, series, x, data[series.name], theme)
        if series.name in errors:
            axes.errorbar(
                x,
                data[series.name],
                errors[series.name],
                fmt="none",
                ecolor=data_colour(series.colour, theme),
                capsize=3,
                linewidth=1,
            )
    limits(axes, view)


def draw_matrix(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    from matplotlib.colors import ListedColormap

    image = np.asarray(data["image"], float)
    words = data.get("categories")
    aspect: Any = "equal" if view.square else "auto"
    if words:
        table = ListedColormap([data_colour(str(i + 1), theme) for i in range(len(words))])
        look = image_look(view, data) | {"cmap": table, "vmin": -0.5, "vmax": len(words) - 0.5}
        drawn = axes.imshow(image, **look, aspect=aspect)
        bar = figure.colorbar(drawn, ax=axes, ticks=range(len(words)), fraction=0.046, pad=0.03)
        bar.ax.set_yticklabels(words)
    else:
        drawn = axes.imshow(image, **image_look(view, data), aspect=aspect)
        bar = figure.colorbar(drawn, ax=axes, fraction=0.046, pad=0.03)
        bar.set_label(view.unit, color=data_colour("text3", theme))
    bar.ax.tick_params(labelsize=7, colors=data_colour("text3", theme))
    for labels, ticks, names in (
        (data.get("x_labels"), axes.set_xticks, axes.set_xticklabels),
        (data.get("y_labels"), axes.set_yticks, axes.set_yticklabels),
    ):
        if labels:
            step = -(-len(labels) // MOST_WORDS)
            ticks(range(0, len(labels), step))
            names(labels[::step])
    axes.grid(False)


def draw_band(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme) -> None:
    edges = np.asarray(data["x"], float)
    for number, label in enumerate(data["labels"]):
        ground = data_colour("okbg" if "3" in label else "ncbg", theme)
        axes.axvspan(edges[number], edges[number + 1], color=ground)
        middle = edges[number : number + 2].mean()
        word = axes.text(middle, 0.5, rich_text(label), ha="center", va="center")
        word.set_color(data_colour("text", theme))
        share = (edges[number + 1] - edges[number]) / (edges[-1] - edges[0])
        fit_width(word, 0.8 * share * figure.bbox.width)
    if data.get("here") is not None:
        axes.axvline(data["here"], color=data_colour("accent", theme), linewidth=2)
    axes.set_yticks([])
    axes.set_xlim(edges[0], edges[-1])


def draw_text(figure: Figure, axes: Axes, view: View, data: Data, theme: Theme, size: Size) -> None:
    """Checks and counters: words at the left, values at the right, a row each."""
    axes.set_axis_off()
    axes.set_title("", loc="left")
    lines = text_lines(view, data, size.title)
    points = sum(line[3] for line in lines) * ROW + 12.0
    if size.height_mm is None:
        figure.set_figheight(points / 72)
    unit = 1.0 / max(points, 72 * figure.get_figheight())
    margin, ink = 0.03, data_colour("text", theme)
    y = 1.0 - 6.0 * unit
    for words, value, font, rows in lines:
        y -= rows * ROW * unit
        where: dict[str, Any] = {"transform": axes.transAxes, "va": "center", "color": ink}
        at = y + rows * ROW * unit / 2
        right = axes.text(1 - margin, at, value, ha="right", **where)
        left = axes.text(margin, at, words, ha="left", **where, **font)
        right.set_fontweight("bold")
        for share in (0.94, 0.94):
            used = width_of(left) + width_of(right) + 6.0
            factor = min(1.0, share * figure.bbox.width / used)
            for text in (left, right):
                text.set_fontsize(points_of(text) * factor)


ROW = 14.0
Line = tuple[str, str, dict[str, Any], float]


def text_lines(view: View, data: Data, title: bool) -> list[Line]:
    """Words, value, font and height in rows of each line of checks or counters."""
    lines: list[Line] = []
    if title:
        lines.append((view.title, "", {"fontsize": 9, "fontweight": "bold"}, 1.2))
    if "lead" in data:
        lead = f"{data['lead']}   {rich_text(str(data.get('caption', '')))}"
        lines.append((lead, "", {"fontsize": 11}, 1.5))
    marks = {True: "✓ ", False: "✗ ", None: ""}
    for first, second, value in data.get("rows") or ():
        note = f"  ({rich_text(second)})" if isinstance(second, str) and second else ""
        mark = "" if isinstance(second, str) else marks.get(second, "")
        lines.append((f"{mark}{rich_text(first)}{note}", rich_text(str(value)), {}, 1.0))
    return lines


def width_of(text: Text) -> float:
    """Width of drawn words in pixels of the figure."""
    return float(text.get_window_extent().width) if text.get_text() else 0.0


def points_of(text: Text) -> float:
    """Font size in points."""
    return float(text.get_fontsize())


def fit_width(text: Text, room: float) -> None:
    """Make words smaller until they fit into so many pixels."""
    wide = width_of(text)
    if wide > room > 0:
        text.set_fontsize(max(points_of(text) * room / wide, 4.0))


def plain_text(text: str) -> str:
    """Rich text without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", text)).replace("\xa0", " ")


def rich_text(text: str) -> str:
    """Rich text as matplotlib sets it: italics, subscripts and superscripts stay."""
    out, state = "", ""
    for part in re.split(r"(<[^>]+>)", text):
        if part.startswith("<"):
            name = part.strip("</>").lower()
            state = "" if part.startswith("</") or name not in FACES else name
        elif part:
            words = html.unescape(part).replace("\xa0", " ")
            out += FACES[state](words) if state else words.replace("$", r"\$")
    return out


def maths(words: str) -> str:
    """Letters as they stand inside a formula."""
    return re.sub(r"([_^#%{}\\$])", r"\\\1", words).replace(" ", r"\ ")


FACES: dict[str, Callable[[str], str]] = {
    "i": lambda words: rf"$\mathit{{{maths(words)}}}$",
    "sub": lambda words: rf"${{}}_{{\mathrm{{{maths(words)}}}}}$",
    "sup": lambda words: rf"${{}}^{{\mathrm{{{maths(words)}}}}}$",
}


Draw = Callable[["Figure", "Axes", View, Data, Theme], None]
DRAW: dict[str, Draw] = {
    "traces": draw_traces,
    "raster": draw_raster,
    "image": draw_image,
    "editor": draw_image,
    "histogram": draw_histogram,
    "bars": draw_bars,
    "psychometric": draw_psychometric,
    "scatter": draw_scatter,
    "matrix": draw_matrix,
    "band": draw_band,
    "pictures": draw_pictures,
}
TEXT = ("checks", "counters")
