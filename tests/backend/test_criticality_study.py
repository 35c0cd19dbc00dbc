"""Study 13 as a user meets it: live changes, resumed sweeps, own files, sentences, exports."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import networkx
import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.brain.connectome import synthetic
from backend.core.objects import as_object
from backend.core.parameters import ParameterError
from backend.core.run import Cancelled, ChangeAt, Run
from backend.studies import find
from backend.studies.criticality.parameters import STEP_MS, CriticalityParameters, grid
from backend.studies.criticality.people import read_series

STUDY = find("criticality-fc")


def finished(
    procedure: str = "free", duration: float | None = None, schedule: tuple[ChangeAt, ...] = (),
    directory: Path | None = None, **changes: Any,
) -> Run:  # fmt: skip
    p = STUDY.Parameters().changed(**changes)
    STUDY.check(p, procedure)
    run = Run(STUDY, p, procedure, schedule, duration, directory)
    run.drawing = True
    STUDY.run(run)
    run.close()
    return run


def refused(procedure: str = "free", **changes: Any) -> ParameterError:
    with pytest.raises(ParameterError) as caught:
        STUDY.check(STUDY.Parameters().changed(**changes), procedure)
    return caught.value


def test_listing_the_study_loads_no_kernel() -> None:
    code = (
        "import sys, backend.studies as s; s.find('criticality-fc');"
        "bad = {'numba', 'scipy', 'nibabel', 'networkx', 'matplotlib'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


# ---- live ---------------------------------------------------------------------------------


def test_a_steered_run_repeats_exactly_and_its_changes_act_from_their_step() -> None:
    schedule = (ChangeAt(2000, {"threshold": 1.2}), ChangeAt(4000, {"n_delay": 20, "r1": 0.01}))
    one, two, free = (
        finished(duration=100_000, schedule=s).offers["raster"].make()
        for s in (schedule, schedule, ())
    )
    assert np.array_equal(one.steps, two.steps)
    assert np.array_equal(one.nodes, two.nodes)
    before = one.steps < 2000
    assert before.any()
    assert np.array_equal(one.steps[before], free.steps[free.steps < 2000])
    assert not np.array_equal(one.steps, free.steps)


def test_bold_of_the_window_is_that_of_the_whole_run() -> None:
    """The incremental BOLD equals one computed at the end, whatever the window."""
    from backend.brain.hemodynamics import bold_of_events

    run = finished(duration=60 * 140 * STEP_MS, samples=40)
    raster = run.offers["raster"].make()
    bold = run.offers["bold"].make()
    whole = bold_of_events(raster.steps, raster.nodes, 90, 60 * 140, 140, raster.step_s)
    assert bold.values.shape == (40, 90)
    assert np.allclose(bold.values, whole[-40:], atol=1e-12)


def test_the_neurons_wait_until_the_onset_is_over_before_fc_is_shown() -> None:
    early = finished(duration=30_000, model="neurons", regions=6, tr=1.0)
    assert early.channel("fc").snapshot() == {}
    assert "rate_hz" in early.result.values
    later = finished(duration=60_000, model="neurons", regions=6, tr=1.0)
    assert later.channel("fc").snapshot()["image"].shape == (6, 6)


def test_too_few_avalanches_give_no_exponent_and_no_regime() -> None:
    run = finished(duration=3000)
    data = run.channel("regime").snapshot()
    assert data["lead"] == "n/a"
    assert ("Exponent −a", "sizes 1 to 60", "n/a") in data["rows"]
    assert "exponent" not in run.result.values


def test_a_network_in_pieces_has_its_path_length_in_brackets() -> None:
    run = finished(duration=60 * 140 * STEP_MS, threshold=1.2, td=0.45)
    rows = {row[0]: row for row in run.channel("network").snapshot()["rows"]}
    assert "not comparable" in rows["L"][1]
    assert rows["L"][2].startswith("(")
    assert "path" not in run.result.values


def test_exports_can_be_read_by_others(tmp_path: Path) -> None:
    run = finished(duration=60 * 140 * STEP_MS)
    made: dict[str, Any] = {
        name: as_object(name, offer.make(), {}) for name, offer in run.offers.items()
    }
    for name, one in made.items():
        for ending in one.formats:
            one.save(tmp_path / f"{name}.{ending}")
    assert np.array_equal(np.load(tmp_path / "connectome.npy"), synthetic().counts)
    fc = np.loadtxt(tmp_path / "fc.csv", delimiter=",", skiprows=1)
    assert np.allclose(fc, made["fc"].values, atol=1e-8)
    graph = networkx.read_graphml(tmp_path / "graph.graphml")
    assert graph.number_of_nodes() == 90
    assert graph.number_of_edges() == (np.abs(np.triu(fc, 1)) >= 0.15).sum()
    left: Any = nibabel.load(tmp_path / "nodes_left.gii")
    maps = {one.meta["Name"]: one.data for one in left.darrays}
    nodes = maps["region"].astype(int) - 1
    assert len(nodes) == 10_242
    assert (nodes >= 45).all()  # the second half of the nodes lies on the left
    degree = (np.abs(fc) >= 0.15).sum(axis=1)
    assert np.array_equal(maps["degree"], degree[nodes])
    with np.load(tmp_path / "raster.npz") as raster:
        assert len(raster["step"]) == len(raster["node"]) > 0
    assert json.loads((tmp_path / "bold.json").read_text())["SamplingFrequency"] == pytest.approx(
        0.5, rel=1e-4
    )
    values, labels, said = read_series(tmp_path / "bold.tsv", None)
    assert values.shape == (60, 90)
    assert labels[0] == "R 1"
    assert said == []


LIVE = {
    name: declared
    for name, declared in STUDY.Parameters.declarations().items()
    if declared.slider and name != "pace"
}


@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_storm_of_sliders_never_stops_a_live_run(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from(["automaton", "neurons"]))
    names = data.draw(st.lists(st.sampled_from(sorted(LIVE)), min_size=1, max_size=10))
    steps = data.draw(st.lists(st.integers(0, 1400), min_size=len(names), max_size=len(names)))
    schedule = []
    for step, name in zip(steps, names, strict=True):
        low, high = LIVE[name].low, LIVE[name].high
        assert low is not None
        assert high is not None
        whole = LIVE[name].kind == "int"
        value: Any = data.draw(st.integers(int(low), int(high)) if whole else st.floats(low, high))
        schedule.append(ChangeAt(step, {name: value}))
    schedule.sort(key=lambda one: one.step)
    run = finished(duration=20_000 if model == "automaton" else 1500, schedule=tuple(schedule),
                   model=model, regions=3)  # fmt: skip
    assert run.steps == (1400 if model == "automaton" else 1500)
    assert all(np.isfinite(one.value) for one in run.result.values.values())


def test_the_literal_reading_is_warned_of() -> None:
    p = STUDY.Parameters().changed(r2_meaning="exit")
    assert [notice.fix for notice in STUDY.check(p)] == ["stay"]
    assert STUDY.check(STUDY.Parameters()) == []


# ---- sweeps -------------------------------------------------------------------------------

SMALL: dict[str, Any] = {"thresholds": "0.3, 0.52", "runs": 2, "tds": "0.15", "window": False}


def test_a_stopped_sweep_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = finished("gh", **SMALL)
    stopped = Run(STUDY, STUDY.Parameters().changed(**SMALL), "gh", directory=tmp_path)
    compute = stopped.cells.do

    def one_cell(key: tuple[Any, ...], function: Any) -> Any:
        value = compute(key, function)
        stopped.cancel()
        return value

    stopped.cells.do = one_cell  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        STUDY.run(stopped)
    stopped.close()
    assert len((tmp_path / "cells.jsonl").read_text().splitlines()) == 1
    again = finished("gh", directory=tmp_path, **SMALL)
    assert len((tmp_path / "cells.jsonl").read_text().splitlines()) == 2
    assert again.result.values.keys() == whole.result.values.keys()
    for name, value in whole.result.values.items():
        assert again.result[name] == pytest.approx(value.value, abs=1e-4), name


@pytest.mark.parametrize(
    ("procedure", "changes"),
    [
        ("gh", {"runs": 500}),
        ("eisweep", {"model": "neurons", "networks": 4}),
        ("regimes", {"model": "neurons"}),
        ("free", {"model": "recordings", "seed": 77}),
    ],
)
def test_cancel_ends_what_runs_within_half_a_second(
    procedure: str, changes: dict[str, Any]
) -> None:
    run = Run(STUDY, STUDY.Parameters().changed(**changes), procedure)
    ended: list[BaseException] = []

    def work() -> None:
        try:
            STUDY.run(run)
        except Cancelled as error:
            ended.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    deadline = time.monotonic() + 20
    while run.done is None and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.join(0.5)
    asked = time.monotonic()
    run.cancel()
    worker.join(20)
    took = time.monotonic() - asked
    run.close()
    assert len(ended) == 1
    assert took < 1.0  # half a second on a machine that does nothing else


def test_the_sweep_table_has_a_row_a_value_run_and_threshold_of_edges() -> None:
    table = finished("gh", **{**SMALL, "tds": "0.1, 0.2"}).result.tables["sweep"]
    assert set(table) >= {"value", "T_d", "run", "seed", "hurst", "exponent", "ks", "isolated",
                          "reachable", "path", "density"}  # fmt: skip
    assert list(zip(table["value"], table["T_d"], table["run"], strict=True)) == [
        (v, td, n) for v in (0.3, 0.52) for n in (0, 1) for td in (0.1, 0.2)
    ]


# ---- what cannot be used ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("procedure", "changes", "field", "words"),
    [
        ("gh", {"thresholds": "0.1, x"}, "thresholds", "needs numbers"),
        ("gh", {"thresholds": "9"}, "thresholds", "goes from 0 to 5"),
        ("gh", {"tds": "0.1:0.9:7"}, "tds", "1 to 6 numbers"),
        ("regimes", {"three_thresholds": "0.1, 0.5"}, "three_thresholds", "3 different"),
        ("gh", {"model": "neurons"}, "model", "needs the automaton"),
        ("free", {"model": "neurons", "discard_s": 480.0}, "discard_s", "Discard less"),
        ("eisweep", {"model": "neurons", "duration_s": 200.0}, "duration_s", "BOLD samples remain"),
        ("free", {"source": "file"}, "connectome", "needs a file"),
        ("free", {"source": "file", "connectome": "/gone.csv"}, "connectome", "does not exist"),
        ("free", {"model": "recordings", "series": "own"}, "folder", "folder or a file"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_said_at_its_field(
    procedure: str, changes: dict[str, Any], field: str, words: str
) -> None:
    error = refused(procedure, **changes)
    assert error.field == field
    assert words in error.sentence


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (np.ones((3, 4)), "not square"), (-np.ones((3, 3)), "negative"),
        (np.zeros((3, 3)), "all zero"), (np.full((3, 3), np.nan), "no numbers"),
    ],
)  # fmt: skip
def test_a_matrix_that_is_no_connectome_is_named(
    tmp_path: Path, matrix: np.ndarray, words: str
) -> None:
    np.save(tmp_path / "mine.npy", matrix)
    error = refused(source="file", connectome=str(tmp_path / "mine.npy"))
    assert error.field == "connectome"
    assert words in error.sentence


def test_an_own_connectome_has_no_sides_and_isolated_regions_are_named(tmp_path: Path) -> None:
    counts = np.zeros((5, 5))
    counts[:4, :4] = 30
    np.fill_diagonal(counts, 0)
    lines = ["A,B,C,D,E", *(",".join(map(str, row)) for row in counts)]
    (tmp_path / "mine.csv").write_text("\n".join(lines))
    own: dict[str, Any] = {"source": "file", "connectome": str(tmp_path / "mine.csv")}
    notices = STUDY.check(STUDY.Parameters().changed(**own))
    assert [notice.text for notice in notices] == ["E has no fibres here: it acts on its own."]
    run = finished(duration=60 * 140 * STEP_MS, **own)
    assert set(run.channel("raster").snapshot()["group"]) == {2}
    assert "Without fibres: E." in run.result.notes
    assert "no places" in run.channel("nodes").snapshot()["note"]
    assert "nodes_left" not in run.offers
    assert "synthetic" not in STUDY.synthetic_of(run.parameters)


def test_methods_say_what_was_varied() -> None:
    for name in ("Figure 5", "Figure 8"):
        preset = STUDY.preset(name)
        p = STUDY.parameters_of(name)
        words = STUDY.methods(p, preset.procedure)
        assert (p.thresholds if name == "Figure 5" else p.ratios) in words
        assert "degree-preserving" in words


def test_lists_may_be_ranges_and_come_in_any_order() -> None:
    p = CriticalityParameters()
    assert grid(p.changed(thresholds="0.5:1:3"), "thresholds") == [0.5, 0.75, 1.0]
    assert grid(p.changed(thresholds="1, 0.5, 0.5"), "thresholds") == [0.5, 1.0]


# ---- recordings ---------------------------------------------------------------------------


def own(path: Path, **changes: Any) -> Run:
    return finished(model="recordings", series="own", folder=str(path), **changes)


def written(folder: Path, people: int = 6, length: int = 60) -> None:
    rng = np.random.default_rng(0)
    for number in range(people):
        shared = rng.standard_normal((length, 1)) * number / people
        series = shared + rng.standard_normal((length, 8))
        lines = ["\t".join(f"region{i}" for i in range(8))]
        lines += ["\t".join(f"{value:.6f}" for value in row) for row in series]
        (folder / f"sub-{number:02d}.tsv").write_text("\n".join(lines) + "\n")


def test_a_folder_of_series_is_analysed_and_what_is_wrong_is_named(tmp_path: Path) -> None:
    written(tmp_path)
    rows = (tmp_path / "sub-00.tsv").read_text().splitlines()
    cells = [row.split("\t") for row in rows]
    for row in cells[1:]:
        row[2] = "7"
    cells[5][4] = "n/a"
    (tmp_path / "sub-00.tsv").write_text("\n".join("\t".join(row) for row in cells))
    (tmp_path / "sub-05.tsv").write_text("\n".join(rows[:21]))
    (tmp_path / "sub-06.tsv").write_text("a\tb\n1\t2\n3\tx\n")
    run = own(tmp_path)
    notes = " ".join(run.result.notes)
    assert "constant in region2; missing values in region4" in notes
    assert "sub-05 has 20 samples: no Hurst exponent" in notes
    assert 'sub-06.tsv, row 2, column 2: "x" is no number' in notes
    assert run.result.values["group_h"].n == 5
    assert "SYNTHETIC" not in notes
    assert STUDY.synthetic_of(run.parameters) == ""
    table = run.offers["people"].make()
    assert len(set(table["name"])) == 6
    first = np.array(table["name"]) == "sub-00"
    assert np.isfinite(np.array(table["global_efficiency"])[first]).all()


def test_volumes_are_averaged_over_the_regions_of_an_atlas(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    labels = np.zeros((4, 3, 2), np.int16)
    labels[:2], labels[2] = 3, 8
    series = rng.standard_normal((2, 40))
    data = rng.standard_normal((4, 3, 2, 40)) * 1e-3
    data[:2] += series[0]
    data[2] += series[1]
    folder = tmp_path / "volumes"
    folder.mkdir()
    nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), folder / "one.nii.gz")
    atlas = tmp_path / "atlas.nii.gz"
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), atlas)
    values, names, said = read_series(folder / "one.nii.gz", atlas)
    assert names == ("3", "8")
    assert said == []
    assert np.allclose(values, series.T, atol=2e-3)
    error = refused(model="recordings", series="own", folder=str(folder))
    assert (error.field, "atlas" in error.sentence) == ("atlas", True)
    small = tmp_path / "small.nii.gz"
    nibabel.save(nibabel.Nifti1Image(labels[:2], np.eye(4)), small)
    with pytest.raises(ParameterError, match="in the space of the volumes"):
        own(folder, atlas=str(small))
    assert STUDY.changes_for_file(STUDY.Parameters(), atlas)["atlas"] == str(atlas)
    assert STUDY.changes_for_file(STUDY.Parameters(), folder)["folder"] == str(folder)


def test_the_synthetic_people_are_named_so_and_show_the_six_directions() -> None:
    preset = STUDY.preset("Figures 1 and 2")
    run = finished(**preset.changes)
    values = run.result.values
    wrong = [
        r.quantity
        for r in preset.references
        if r.bounds and r.verdict(values[r.quantity].value) != "agree"
    ]
    assert not wrong
    assert any("SYNTHETIC" in note and "no evidence" in note for note in run.result.notes)
    rows = run.result.tables["calibration"]
    assert rows["R/S"][-1] < rows["true H"][-1]  # .9 is measured as about .82
    assert not STUDY.endless(run.parameters, "free")


def test_another_threshold_of_edges_follows_at_once_with_the_same_numbers() -> None:
    changes = STUDY.preset("Figures 1 and 2").changes
    first = finished(**changes)
    assert STUDY.instant(first.parameters)
    began = time.monotonic()
    again = finished(**{**changes, "td": 0.37})
    assert time.monotonic() - began < 2.0
    assert again.result["r_density"] != first.result["r_density"]
    finished(**{**changes, "seed": 1})  # other people: nothing of the first is taken
    assert not STUDY.instant(first.parameters)
    fresh = finished(**{**changes, "td": 0.37})
    for name, value in again.result.values.items():
        assert fresh.result[name] == pytest.approx(value.value, abs=1e-12), name
