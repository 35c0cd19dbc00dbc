"""Draws the scene of the brain panel: surface, list, form, histogram, read-out, clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from app.panels.brain.board import PIN_COLOURS
from backend.brain.montage import bar_of, caption_of, number, unit_of
from backend.brain.overlays import Cluster, Overlay, row_of, table
from backend.brain.regions import is_region
from backend.brain.scene import (
    Scene,
    cells,
    clusters_in_hand,
    grounds,
    large,
    layers,
    meshes,
    position,
    read_out,
    region,
)
from backend.brain.viewer_parameters import OVERLAY, TIME
from backend.core.parameters import show_number
from widgets.overlay_list import OverlayRow
from widgets.surface_canvas import Drawing

if TYPE_CHECKING:
    from app.panels.brain.page import BrainPage

FEW_MAPS = 10
"""So many maps are named along the axis; more are numbered."""
NO_TIMES = frozenset({"moment", "speed"})
NUMBERS = frozenset({"threshold", "soft", "limit", "low", "min_area"})


class Showing:
    """What the panel shows of its scene."""

    def __init__(self, page: BrainPage) -> None:
        self.page = page
        self.kept: dict[Overlay, list[np.ndarray]] = {}
        self.clusters: list[Cluster] = []
        self._asked: Any = None
        self._counted: Any = None

    @property
    def scene(self) -> Scene | None:
        return self.page.scenes.scene

    def everything(self) -> None:
        """The scene is another."""
        scene = self.scene
        if scene is not None:
            self.rows()
            self.form()
        self.surface()
        self.vertex()

    def surface(self) -> None:
        """The surface as it is to be drawn now."""
        scene, p = self.scene, self.page.parameters
        if scene is None:
            self.page.board.publish("surface")
            return
        rings = [(*one, True) for one in scene.pins if one != scene.vertex]
        if scene.vertex is not None:
            rings.append((*scene.vertex, False))
        moment = p.moment
        drawing = Drawing(
            cells(scene.cortex, p.layout, p.shape), meshes(scene.cortex, p.shape, p.inflation),
            grounds(scene.cortex), layers(scene, moment, self.kept), p.light, bar_of(scene),
            caption_of(scene, p), rings,
            lambda half, vertex: read_out(scene, half, vertex, moment),
        )  # fmt: skip
        hand = scene.hand
        shape = p.shape if p.shape in scene.cortex.shapes else scene.cortex.hemispheres[0].folded
        on = f"on {scene.cortex.name}, {shape}"
        note = f"{hand.overlay.name} {on}" if hand is not None else on
        if hand is not None and hand.overlay.note and "synthetic" not in hand.overlay.note:
            note += f", {hand.overlay.note}"
        self.page.board.publish("surface", drawing=drawing, note=note)

    # ---- set-up ----------------------------------------------------------------------------

    def rows(self) -> None:
        """The list of overlays."""
        scene = self.scene
        if scene is None:
            return
        rows = []
        for one in scene.shown:
            low, high = one.look.ends
            parcels = bool(one.overlay.labels) and one.look.palette == "labels"
            ends = ("", "") if parcels else (number(low), number(high))
            note = note_of(one.overlay, one.look.map_number)
            colours = table(one.overlay, one.look)
            if parcels:
                own = np.array([label.colour for label in one.overlay.labels], np.uint8)
                colours = own[np.linspace(0, len(own) - 1, 256).round().astype(int)]
            rows.append(OverlayRow(one.overlay.name, note, one.look.visible, colours, ends))
        self.page.overlays.show_rows(rows, scene.chosen)
        said = [one.overlay.synthetic for one in scene.shown if one.overlay.synthetic]
        self.page.header.set_synthetic(said[0] if said else scene.cortex.synthetic)

    def form(self) -> None:
        """Limits, names and rows of the form follow the overlay in hand."""
        scene, form = self.scene, self.page.form
        if scene is None:
            return
        hand, timed = scene.hand, scene.timed
        hidden: set[str] = set()
        if hand is None:
            hidden |= {name for name, one in form.declarations.items() if one.group == OVERLAY}
        else:
            overlay = hand.overlay
            form.title_group(OVERLAY, overlay.name)
            if overlay.rows < 2 or overlay.times is not None:
                hidden.add("map_number")
            if overlay.labels and hand.look.palette == "labels":
                hidden |= NUMBERS
            self._narrow(overlay)
        if not self.page.painting.on:
            hidden.add("brush")
        if timed is None:
            hidden |= NO_TIMES
        else:
            times = timed.overlay.times
            assert times is not None
            low, high = float(times[0]), float(times[-1])
            step = float(f"{max((high - low) / 1000, 1e-3):.1g}")
            form.narrow("moment", low=low, high=high, step=step, decimals=decimals(step))
            self.page.moment.set_range(low, high, step, len(times))
        form.hide_rows(hidden)
        self.page.histogram.setVisible("threshold" not in hidden)
        self.page.moment.setVisible(timed is not None)
        form.groups[TIME].setVisible(timed is not None)
        self.histogram()

    def _narrow(self, overlay: Overlay) -> None:
        """Sliders as long as the values of an overlay reach."""
        form = self.page.form
        every = overlay.every
        top = float(np.abs(every).max(initial=0.0)) or 1.0
        top = float(f"{1.05 * top:.2g}")
        step = float(f"{top / 400:.1g}")
        letter = overlay.letter if overlay.letter != "value" else ""
        look = self.page.parameters
        signed = look.palette in ("hot-cold", "CET-D1A", "CET-CBD1")
        for name in ("threshold", "soft", "limit", "low"):
            low = 0.0
            if name == "low":
                low = -top if len(every) and every.min() < 0 else 0.0
            sign = f"|{letter}|" if signed and letter else letter
            symbol = sign if name == "threshold" else ""
            form.narrow(name, low=low, high=top, step=step, decimals=decimals(step), symbol=symbol)
        form.narrow("map_number", high=overlay.rows)

    def histogram(self) -> None:
        """The values of the overlay in hand, and its threshold."""
        scene = self.scene
        hand = scene.hand if scene is not None else None
        if hand is None or hand.overlay.labels:
            return
        look, every = hand.look, hand.overlay.every
        end = max(look.limit, hand.overlay.reach)
        low = -end if len(every) and every.min() < 0 else 0.0
        counted = (hand.overlay, low, end)
        if counted != self._counted:
            self._counted = counted
            self.page.histogram.show_values(every, low, end)
        self.page.histogram.show_look(look.threshold, look.signed, table(hand.overlay, look),
                                      look.ends)  # fmt: skip

    # ---- the vertex ------------------------------------------------------------------------

    def vertex(self) -> None:
        """Read-out, time course and kept vertices."""
        scene, p = self.scene, self.page.parameters
        if scene is None or scene.vertex is None:
            self.page.vertex.show_vertex("", "", "", "", "", ())
        else:
            half, vertex = scene.vertex
            side = scene.cortex.sides[half]
            title = f"Vertex {vertex}" + (f", {side}" if side else "")
            self.page.vertex.show_vertex(title, *self._lead(scene, half, vertex, p.moment),
                                         self._facts(scene, half, vertex, p.moment))  # fmt: skip
        self._courses()
        self._bars()
        self._slices()

    def _lead(
        self, scene: Scene, half: int, vertex: int, moment: float
    ) -> tuple[str, str, str, str]:
        """What is measured, the number, its unit, and a sentence."""
        hand = scene.hand
        where = region(scene, half, vertex)
        if hand is None:
            return "region", where, "", ""
        overlay, look = hand.overlay, hand.look
        row = row_of(overlay, look, moment)
        label = overlay.name
        if overlay.times is not None:
            label += f" at {number(overlay.times[row])} ms"
        elif overlay.rows > 1:
            label += f", {overlay.maps[row]}"
        value = float(overlay.row(half, row)[vertex])
        if overlay.labels:
            return label, overlay.words(half, vertex, row), "", ""
        if not np.isfinite(value):
            return label, "–", "", "No value at this vertex."
        letter = "" if overlay.letter == "value" else f"{overlay.letter} = "
        unit = unit_of(scene) if overlay.letter == "value" else ""
        size = abs(value) if look.signed else value
        sentence = (
            "" if size >= look.threshold else f"Below the threshold, {number(look.threshold)}."
        )
        return label, f"{letter}{number(value)}", unit, sentence

    def _facts(
        self, scene: Scene, half: int, vertex: int, moment: float
    ) -> list[tuple[str, str]]:  # fmt: skip
        cortex = scene.cortex
        places = ", ".join(f"{one:.1f}" for one in position(cortex, half, vertex))
        folded = cortex.hemispheres[half].folded
        rows = [("Region", region(scene, half, vertex)),
                (f"Position, {folded} (mm)", places.replace("-", "\u2212"))]  # fmt: skip
        rows += self._parcel(scene, half, vertex, moment)
        near = self._nearest(scene, half, vertex)
        if near is not None:
            rows.append(near)
        for one in scene.shown:
            if one is not scene.hand:
                words = one.overlay.words(half, vertex, row_of(one.overlay, one.look, moment))
                rows.append((one.overlay.name, words))
        if cortex.synthetic:
            rows.append(("Surface", cortex.synthetic))
        return rows

    def _parcel(self, scene: Scene, half: int, vertex: int, moment: float) -> list[tuple[str, str]]:
        """Size of the parcel in hand that a vertex belongs to."""
        hand = scene.hand
        if hand is None or not hand.overlay.labels:
            return []
        values = hand.overlay.row(half, row_of(hand.overlay, hand.look, moment))
        if not values[vertex] > 0:
            return []
        inside = values == values[vertex]
        area = float(scene.cortex.hemispheres[half].areas[inside].sum())
        return [("Its area", f"{show_number(round(area))} mm²"),
                ("Its vertices", show_number(int(inside.sum())))]  # fmt: skip

    def _nearest(self, scene: Scene, half: int, vertex: int) -> tuple[str, str] | None:
        """Distance to the nearest peak of a cluster on this hemisphere."""
        peaks = [one.vertex for one in self.clusters if one.hemisphere == half]
        if not peaks:
            return None
        places = np.array([position(scene.cortex, half, one) for one in peaks])
        away = np.linalg.norm(places - position(scene.cortex, half, vertex), axis=1)
        return "Distance to nearest peak", f"{away.min():.1f} mm"

    def _chosen(self, scene: Scene) -> list[tuple[str, tuple[int, int]]]:
        """Series and vertex of the one chosen and those kept."""
        found = [] if scene.vertex is None else [("vertex", scene.vertex)]
        pins = [one for one in scene.pins if one != scene.vertex]
        return found + [(f"pin{i}", one) for i, one in enumerate(pins, 1)]

    def _courses(self) -> None:
        scene, p = self.scene, self.page.parameters
        hand = scene.hand if scene is not None else None
        if hand is None or hand.overlay.rows < 2 or hand.overlay.labels:
            hand = scene.timed if scene is not None else None
        chosen = self._chosen(scene) if scene is not None else []
        if scene is None or hand is None or not chosen:
            self.page.board.publish("course")
            return
        overlay = hand.overlay
        timed = overlay.times is not None
        few = not timed and overlay.rows <= FEW_MAPS
        x = overlay.times
        if x is None:
            x = np.arange(overlay.rows) + (0.0 if few else 1.0)
        data: dict[str, Any] = {"x": x, "x_labels": overlay.maps if few else ()}
        for name, (half, vertex) in chosen:
            data[name] = overlay.course(half, vertex)
        every = np.concatenate([data[name] for name, _ in chosen])
        good = every[np.isfinite(every)]
        if len(good):
            row = row_of(overlay, hand.look, p.moment)
            data["now_x"] = np.full(2, x[row])
            data["now"] = np.array([good.min(), good.max()])
        half, vertex = chosen[0][1]
        letter = overlay.unit or "value"
        self.page.board.publish(
            "course", **data, x_title="time (ms)" if timed else "map", y_title=letter,
            note=f"{overlay.name}, vertex {named(scene, half, vertex)}",
        )  # fmt: skip

    def _bars(self) -> None:
        scene, p = self.scene, self.page.parameters
        hand = scene.hand if scene is not None else None
        if scene is None or hand is None or hand.overlay.labels or not scene.pins:
            self.page.board.publish("kept")
            return
        row = row_of(hand.overlay, hand.look, p.moment)
        chosen = self._chosen(scene)
        values = [float(hand.overlay.row(half, row)[vertex]) for _, (half, vertex) in chosen]
        self.page.board.publish(
            "kept", labels=[named(scene, *one) for _, one in chosen], values=values,
            y_title=hand.overlay.unit or "value", note=caption_of(scene, p).split(" · ")[-1],
        )  # fmt: skip

    def _slices(self) -> None:
        """The volume in hand, through the vertex chosen or the strongest place."""
        scene, p = self.scene, self.page.parameters
        hand = scene.hand if scene is not None else None
        there = hand is not None and hand.overlay.volume is not None
        self.page.board.show_slices(there)
        if scene is None or hand is None or not there:
            self.page.board.publish("slices")
            return
        from backend.brain.slices import slices

        at = scene.vertex
        if at is None:
            row = row_of(hand.overlay, hand.look, p.moment)
            sizes = [np.nan_to_num(np.abs(hand.overlay.row(h, row))).max()
                     for h in range(len(scene.cortex.counts))]  # fmt: skip
            half = int(np.argmax(sizes))
            at = half, int(np.nan_to_num(np.abs(hand.overlay.row(half, row))).argmax())
        made = slices(scene.cortex, hand.overlay, hand.look, p.moment, position(scene.cortex, *at))
        self.page.board.publish("slices", slices=made, note=named(scene, *at))

    # ---- clusters --------------------------------------------------------------------------

    def ask_clusters(self) -> None:
        """Find clusters in the worker; what is asked twice is found once."""
        scene, p = self.scene, self.page.parameters
        if scene is None:
            return
        hand, moment = scene.hand, p.moment
        wanted = [one for one in scene.shown if one.look.min_area > 0 and not one.overlay.labels]
        rows = tuple((one.overlay, one.look, row_of(one.overlay, one.look, moment))
                     for one in (*([hand] if hand is not None else []), *wanted))  # fmt: skip
        if (scene.cortex, rows) == self._asked:
            return
        self._asked = (scene.cortex, rows)

        def call() -> Any:
            found = clusters_in_hand(scene, moment)
            masks = {one.overlay: large(scene.cortex, one, moment) for one in wanted}
            return scene, found, masks

        self.page.work.ask("clusters", rows, call)

    def take_clusters(self, answer: tuple[Scene, list[Cluster], dict[Overlay, Any]]) -> None:
        """Clusters were found."""
        found_in, self.clusters, masks = answer
        scene = self.scene
        if scene is None or scene.cortex is not found_in.cortex:
            return
        redraw = bool(masks) or bool(self.kept)
        self.kept = masks
        hand = scene.hand
        rows = [(one, region(scene, one.hemisphere, one.vertex)) for one in self.clusters]
        words = ""
        if hand is None:
            words = "Choose an overlay."
        elif hand.overlay.labels:
            words = "Parcels have no clusters."
        elif hand.look.threshold <= 0:
            words = "Set a threshold: what lies beyond it is listed here."
        elif not rows:
            words = "Nothing lies beyond the threshold."
        letter = hand.overlay.letter if hand is not None else "value"
        inside = self.inside()
        self.page.vertex.show_clusters(rows, letter, words, inside)
        self.page.vertex.label.setEnabled(inside >= 0 or region_in_hand(scene))
        if redraw:
            self.surface()

    def inside(self) -> int:
        """Which cluster holds the vertex chosen, -1 for none."""
        scene = self.scene
        if scene is None or scene.vertex is None:
            return -1
        half, vertex = scene.vertex
        return next((i for i, one in enumerate(self.clusters)
                     if one.hemisphere == half and vertex in one.vertices), -1)  # fmt: skip


def note_of(overlay: Overlay, number: int) -> str:
    """Unit, rows and source of an overlay in a line."""
    rows = ""
    if overlay.times is not None:
        rows = f"{overlay.rows} moments"
    elif overlay.rows > 1:
        name = overlay.maps[min(number, overlay.rows) - 1]
        rows = f"{name}, map {number} of {overlay.rows}"
    elif overlay.labels:
        count = len(overlay.labels)
        rows = "" if overlay.note == "painted" else f"{count} parcel{'s' if count > 1 else ''}"
    return ", ".join(word for word in (overlay.unit, rows, overlay.note) if word)


def region_in_hand(scene: Scene | None) -> bool:
    """Whether a painted region is in hand."""
    return scene is not None and scene.hand is not None and is_region(scene.hand.overlay)


def named(scene: Scene, half: int, vertex: int) -> str:
    """Number and side of a vertex."""
    return f"{vertex} {scene.cortex.sides[half][:1].upper()}".strip()


def decimals(step: float) -> int:
    """Digits behind the point that a step needs."""
    return max(0, min(6, int(np.ceil(-np.log10(step)))))


MOST_PINS = len(PIN_COLOURS)
