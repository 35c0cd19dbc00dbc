"""One trial of the sheet, watched while it runs: channels, counters, exports."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backend.analysis import volleys
from backend.core.parameters import ParameterError, show_number
from backend.core.run import Block, Run
from backend.core.views import Marker
from backend.spiking.gap_junction import Sheet, Spikes
from backend.spiking.gap_junction_theory import critical_radius, screening_length
from backend.stimuli.topology import BACKGROUND, FIGURE, HOLE, Figure
from backend.studies.gap_junction.parameters import FIGURE as FIGURE_GROUP
from backend.studies.gap_junction.parameters import SHEET as SHEET_GROUP
from backend.studies.gap_junction.parameters import GapJunctionParameters
from backend.studies.gap_junction.setup import (
    figure_of,
    readout_settings,
    refuse_unstable,
    sheet_settings,
)

REGIONS = ("background", "figure", "hole", "hole2", "hole3")
"""Columns of the mean-voltage channel and groups of the raster; further holes share the last."""

SPIKE_MARK = 10.4
"""Height at which spikes of the read-out neuron are marked, mV."""

SNAPSHOT_MS = 0.05
SNAPSHOT_BYTES = 16 << 20
MERGE_LENGTHS = 3.83
"""Hole radius, in screening lengths, above which most holes fire with the background. Measured by
the radius scans (11.5 px at J = 3; 6.6 px with 4 neighbours), not derived."""


def _names(group: str) -> frozenset[str]:
    declared = GapJunctionParameters.declarations()
    return frozenset(name for name, entry in declared.items() if entry.group == group)


FIGURE_PARAMETERS, SHEET_PARAMETERS = _names(FIGURE_GROUP), _names(SHEET_GROUP)


def run_live(run: Run) -> None:
    """Run one trial, publishing as it goes; live parameters act between blocks."""
    run.status("preparing the sheet")
    trial = LiveTrial(run, run.parameters)
    for name in ("raster", "rate", "means", "readout"):
        run.channel(name).extent = (0.0, trial.fixed.duration)
    trial.sheet.advance(0)  # compiles the kernel, on the first run of an installation
    total = round(trial.fixed.duration / trial.fixed.dt)
    run.status("one trial")
    trial.publish()
    trial.count()
    trial.offer()
    try:
        for block in run.blocks(trial.fixed.dt, total):
            trial.apply(block)
            trial.advance(block.steps)
            if block.publish:
                trial.publish()
                trial.count()
    finally:  # a cancelled trial keeps what it did
        trial.publish()
        trial.count()
        trial.publish_replay()
    trial.measure()


def show_example(run: Run, parameters: GapJunctionParameters) -> None:
    """While somebody looks at a batch: fill the views with the first trial of these settings."""
    if not run.drawing:
        return
    for name in ("raster", "rate", "readout", "means"):
        run.channel(name).clear()
    trial = LiveTrial(run, parameters)
    trial.advance(round(parameters.duration / parameters.dt))
    trial.publish()
    trial.publish_replay()


class LiveTrial:
    """State of the watched trial: the sheet, what was published, snapshots for the time slider."""

    def __init__(self, run: Run, parameters: GapJunctionParameters) -> None:
        self.run = run
        self.fixed = parameters
        self.used = self.fixed
        self.figure: Figure = figure_of(self.fixed)
        self.topology = volleys.topology_of(self.figure.mask)
        self.sheet = Sheet(
            self.figure.drive(self.fixed.mu_black, self.fixed.mu_gray),
            sheet_settings(self.fixed),
            readout_settings(self.fixed),
            self.fixed.seed,
            self.fixed.dt,
            self.fixed.init,
        )
        steps = round(self.fixed.duration / self.fixed.dt)
        frame_bytes = 4 * self.fixed.H * self.fixed.W
        self.every = max(
            1, round(SNAPSHOT_MS / self.fixed.dt), math.ceil(steps * frame_bytes / SNAPSHOT_BYTES)
        )
        self.frames = [self.sheet.voltage.copy()]
        self._counted: dict[float, int] = {}
        self._order_rows()
        self._drawn = dict.fromkeys(("spikes", "steps", "frames"), 0)
        self._means: list[np.ndarray] = [self._region_means()]

    # ---- stepping ---------------------------------------------------------------------------

    def advance(self, steps: int) -> None:
        """Make steps, stopping at every snapshot."""
        until = self.sheet.step + steps
        while self.sheet.step < until:
            self.run.check()
            border = (self.sheet.step // self.every + 1) * self.every
            self.sheet.advance(min(border, until) - self.sheet.step)
            if self.sheet.step % self.every == 0:
                self.frames.append(self.sheet.voltage.copy())
                self._means.append(self._region_means())

    def apply(self, block: Block) -> None:
        """Use changed live parameters; a change that cannot run is named and left out."""
        if not block.changed:
            return
        wanted = self.run.parameters.model_copy(
            update={name: getattr(self.fixed, name) for name in SHEET_PARAMETERS}
        )
        if block.changed & SHEET_PARAMETERS:
            self.run.note("Changes of sheet, step, duration and seed act in the next run.")
        try:
            refuse_unstable(wanted)
            if block.changed & FIGURE_PARAMETERS:
                self.figure = figure_of(wanted)
                self.topology = volleys.topology_of(self.figure.mask)
                self._order_rows()
        except ParameterError as problem:
            self.run.note(f"{problem.sentence} The run went on without this change.")
            return
        self.used = wanted
        self.sheet.configure(sheet_settings(wanted), readout_settings(wanted))
        self.sheet.drive = self.figure.drive(wanted.mu_black, wanted.mu_gray)

    def _order_rows(self) -> None:
        """Raster row of each cell: figure below, then background, then the holes."""
        flat = self.figure.labels.ravel()
        rank = np.array([1, 0, *range(2, 128)])[flat]
        self._rows = np.empty(flat.size, np.int64)
        self._rows[np.argsort(rank, kind="stable")] = np.arange(flat.size)
        self._groups = np.minimum(flat, len(REGIONS) - 1)
        self._sizes = np.bincount(self._groups, minlength=len(REGIONS))

    def _region_means(self) -> np.ndarray:
        sums = np.bincount(self._groups, weights=self.sheet.voltage.ravel(), minlength=len(REGIONS))
        with np.errstate(invalid="ignore", divide="ignore"):
            return sums / self._sizes

    # ---- publishing ---------------------------------------------------------------------------

    def publish(self) -> None:
        """Everything that is new, to the channels."""
        run, sheet = self.run, self.sheet
        spikes = sheet.spikes()
        time = sheet.step * sheet.dt
        run.channel("sheet").publish(image=sheet.voltage.copy(), time=time)
        first = spikes.first_times(sheet.voltage.size).reshape(sheet.shape)
        run.channel("first_spike").publish(image=first)
        run.channel("figure").publish(**figure_data(self.used, self.figure))
        run.channel("band").publish(**band_data(self.used, self.figure))
        self._publish_raster(spikes)
        self._publish_traces(spikes)
        self._publish_means()

    def _publish_raster(self, spikes: Spikes) -> None:
        first, self._drawn["spikes"] = self._drawn["spikes"], len(spikes.step)
        cells = spikes.cell[first:]
        self.run.channel("raster").publish(
            spikes.time[first:], self._rows[cells], self._groups[cells]
        )

    def _publish_traces(self, spikes: Spikes) -> None:
        """Sliding spike count and read-out voltage of the steps since the last look."""
        first, last = self._drawn["steps"], self.sheet.step
        if first == last:
            return
        self._drawn["steps"] = last
        dt = self.sheet.dt
        steps = np.arange(first, last)
        width = max(1, round(volleys.WINDOW / dt))
        counts = np.bincount(spikes.step, minlength=last)
        total = np.concatenate([[0], np.cumsum(counts)])
        sliding = total[steps + 1] - total[np.maximum(steps + 1 - width, 0)]
        least = np.full(steps.size, float(volleys.LEAST))
        self.run.channel("rate").publish(steps * dt, sliding, least)
        marks = np.full(steps.size, np.nan)
        fired = np.round(self.sheet.readout_times / dt).astype(int)
        now = fired[fired >= first] - first
        marks[now] = SPIKE_MARK
        voltage = self.sheet.readout_voltage[first:last].copy()
        voltage[now] = 10.0  # drawn up to threshold: the stored value is that after the reset
        threshold = np.full(steps.size, 10.0)
        self.run.channel("readout").publish(steps * dt, voltage, marks, threshold)
        self.run.monitor("spikes in 0.1 ms", float(sliding[-1]))

    def _publish_means(self) -> None:
        first, self._drawn["frames"] = self._drawn["frames"], len(self._means)
        means = np.array(self._means[first:])
        if means.size:
            times = np.arange(first, len(self._means)) * self.every * self.sheet.dt
            threshold = np.full(times.size, self.used.V_th)
            self.run.channel("means").publish(times, *means.T, threshold)

    def count(self) -> None:
        """Count volleys so far; publish the counters and the result values."""
        spikes = self.sheet.spikes()
        groups = volleys.temporal_groups(spikes.step, spikes.dt)
        counts = {
            "readout": len(self.sheet.readout_times),
            "temporal": len(groups),
            "spatial": sum(self._patches_of(group, spikes) for group in groups),
        }
        for name, value in counts.items():
            self.run.measure(f"{name}_volleys", value)
        self.run.monitor("temporal volleys", counts["temporal"])
        self.run.monitor("RON spikes", counts["readout"])
        sentence = expectation(self.topology)
        self.run.lead("temporal_volleys", sentence)
        self.run.channel("counters").publish(
            lead=str(counts["temporal"]),
            caption=sentence,
            rows=[
                ("Read-out neuron", "spikes", str(counts["readout"])),
                ("Temporal groups", f"≥ {volleys.LEAST} in 0.1 ms", str(counts["temporal"])),
                ("Spatial groups", f"≥ {volleys.LEAST} cells", str(counts["spatial"])),
                ("True holes", "Euler count", str(self.topology.holes)),
            ],
        )

    def _patches_of(self, group: volleys.Group, spikes: Spikes) -> int:
        """Patches of one group; those of a group that is over are counted once."""
        if group.start in self._counted:
            return self._counted[group.start]
        found = volleys.spatial_groups(
            spikes.step, spikes.cell, self.sheet.shape, spikes.dt, groups=[group]
        )
        if self.sheet.step * self.sheet.dt > group.stop + 2 * volleys.GAP:
            self._counted[group.start] = len(found)
        return len(found)

    # ---- the end ------------------------------------------------------------------------------

    def measure(self) -> None:
        """Result values of the whole trial."""
        run, spikes = self.run, self.sheet.spikes()
        measure_topology(run, self.topology)
        measure_theory(run, self.used)
        first = spikes.first_times(self.sheet.voltage.size)
        medians = volleys.first_spike_medians(first, self.figure.labels)
        for label, name in ((FIGURE, "figure"), (BACKGROUND, "background"), (HOLE, "hole")):
            if label < medians.size and np.isfinite(medians[label]):
                run.measure(f"{name}_median", medians[label])
        if medians.size > HOLE and np.isfinite(medians[HOLE] - medians[BACKGROUND]):
            run.measure("hole_lag", medians[HOLE] - medians[BACKGROUND])

    def publish_replay(self) -> None:
        """The snapshots so far, for the time slider."""
        times = np.arange(len(self.frames)) * self.every * self.sheet.dt
        self.run.channel("replay").publish(frames=np.array(self.frames), times=times)

    def offer(self) -> None:
        """Exports, made when asked for."""
        run = self.run
        run.offer("spikes", "Spikes of the sheet", self._spike_trains)
        run.offer("ron_spikes", "Spikes of the read-out neuron", self._readout_table)
        run.offer("first_spike", "First-spike map", self._first_spike_map)
        run.offer("voltage", "Voltage snapshots", self._snapshots)
        run.offer("labels", "Label map", self._label_map)

    def _spike_trains(self) -> Any:
        from backend.core.objects import SpikeTrains

        spikes = self.sheet.spikes()
        row, column = np.divmod(spikes.cell, self.sheet.shape[1])
        label = self.figure.labels.ravel()[spikes.cell]
        return SpikeTrains(
            layers={"sheet": (spikes.cell, spikes.time)},
            sizes={"sheet": self.sheet.voltage.size},
            extra={"sheet": {"row": row, "col": column, "label": label}},
        )

    def _readout_table(self) -> dict[str, list[float]]:
        return {"t_ms": self.sheet.readout_times.tolist()}

    def _first_spike_map(self) -> Any:
        from backend.core.objects import ArrayObject

        first = self.sheet.spikes().first_times(self.sheet.voltage.size)
        return ArrayObject(
            array=first.reshape(self.sheet.shape), axes=("row", "col"),
            limits=(0.0, self.fixed.duration),
        )  # fmt: skip

    def _snapshots(self) -> Any:
        from backend.core.objects import ArrayObject

        class Snapshots(ArrayObject):
            formats = ("npz", "npy", "png")

        times = np.arange(len(self.frames)) * self.every * self.sheet.dt
        return Snapshots(
            array=np.array(self.frames), axes=("time", "row", "col"),
            limits=(0.0, self.used.V_th), companions={"t_ms": times},
        )  # fmt: skip

    def _label_map(self) -> Any:
        from backend.core.objects import ArrayObject

        labels = self.figure.labels
        return ArrayObject(array=labels, axes=("row", "col"), limits=(0.0, float(labels.max())))


def expectation(topology: volleys.Topology) -> str:
    """What the figure's topology asks for, in words: "One hole: 3 expected"."""
    if topology.parts == 0 or topology.grounds == 0:
        return f"One region: {topology.expected} expected"
    words = ("No hole", "One hole", "Two holes")
    holes = topology.holes
    name = words[holes] if holes < len(words) else f"{holes} holes"
    return f"{name}: {topology.expected} expected"


def measure_topology(run: Run, topology: volleys.Topology) -> None:
    """True numbers of the figure."""
    run.measure("expected_volleys", topology.expected)
    run.measure("true_holes", topology.holes)
    run.measure("true_parts", topology.parts)


def measure_theory(run: Run, p: GapJunctionParameters) -> None:
    """Screening length and critical radius of these settings (left out where infinite)."""
    neighbours = int(p.neighbours)
    run.measure("screening_length", screening_length(p.J, neighbours))
    if p.mu_gray > p.V_th:
        run.measure("critical_radius", critical_radius(p.J, p.mu_gray, neighbours, p.V_th))


def hole_radii(figure: Figure) -> list[tuple[float, float, float]]:
    """Centre (x, y) and radius of equal area of each labelled hole, in cells."""
    found = []
    for label in range(HOLE, int(figure.labels.max()) + 1):
        rows, columns = np.nonzero(figure.labels == label)
        if rows.size:
            radius = math.sqrt(rows.size / math.pi)
            found.append((float(columns.mean()), float(rows.mean()), radius))
    return found


def figure_data(p: GapJunctionParameters, figure: Figure) -> dict[str, Any]:
    """The picture with screening length and critical radius to scale (gray level 0 to 255)."""
    image = np.round(255 * (1 - figure.darkness)).astype(np.uint8)
    length = screening_length(p.J, int(p.neighbours))
    markers = [
        Marker("bar", 3.0, p.H - 4.0, length, f"λ {show_number(length, 2)} px", colour="text")
    ]
    critical = critical_radius(p.J, p.mu_gray, int(p.neighbours), p.V_th)
    if math.isfinite(critical):
        label = f"critical {show_number(critical, 2)} px"
        markers += [
            Marker("ring", x, y, critical, label, colour="hole", dashed=True)
            for x, y, _ in hole_radii(figure)[:4]
        ]
    return {"image": image, "markers": markers, "limits": (0.0, 255.0)}


def band_data(p: GapJunctionParameters, figure: Figure) -> dict[str, Any]:
    """The band of hole sizes that are counted, with the present figure's largest hole in it."""
    length = screening_length(p.J, int(p.neighbours))
    critical = critical_radius(p.J, p.mu_gray, int(p.neighbours), p.V_th)
    if not math.isfinite(critical) or length == 0:
        return {"x": np.array([0.0, 20.0]), "labels": ["no hole can fire"], "here": math.nan}
    merged = max(MERGE_LENGTHS * length, critical)
    radii = [radius for _, _, radius in hole_radii(figure)]
    here = max(radii) if radii else math.nan
    edges = np.array([2 * length, critical, merged, 4.7 * length])
    return {
        "x": edges,
        "labels": ["silent · 2", "3", "merged · 2"],
        "here": here,
        "caption": f"Screening length λ = {show_number(length, 2)} px, critical radius "
        f"{show_number(critical, 2)} px; merging above about 3.8 λ is measured, not derived.",
    }
