"""Study 02 as a user meets it: same spikes at any speed, live changes, batches, words, files."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.objects import as_object
from backend.core.parameters import ParameterError
from backend.core.run import Cancelled, ChangeAt, Run
from backend.spiking.gap_junction_observe import observe
from backend.stimuli.topology import make_figure
from backend.studies import find
from backend.studies.gap_junction.parameters import grid

STUDY = find("gap-junction-topology")
SHAPES = STUDY.Parameters.declaration("figure").choices


def started(procedure: str = "free", schedule: tuple[ChangeAt, ...] = (), **changes: Any) -> Run:
    return Run(STUDY, STUDY.Parameters().changed(**changes), procedure, schedule)


def finished(procedure: str = "free", schedule: tuple[ChangeAt, ...] = (), **changes: Any) -> Run:
    run = started(procedure, schedule, **changes)
    STUDY.run(run)
    run.close()
    return run


def spikes_of(run: Run) -> tuple[np.ndarray, np.ndarray]:
    return run.offers["spikes"].make().layers["sheet"]


def same(one: Run, other: Run) -> bool:
    pairs = zip(spikes_of(one), spikes_of(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs) and (
        one.offers["ron_spikes"].make() == other.offers["ron_spikes"].make()
    )


def test_listing_the_study_loads_no_kernel() -> None:
    code = (
        "import sys, backend.studies as s; s.find('gap-junction-topology');"
        "bad = {'numba', 'scipy', 'skimage', 'PIL', 'matplotlib'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_same_spikes_at_one_and_sixty_frames_drawn_or_not_paused_or_stepped() -> None:
    whole = finished()
    drawn = started()
    drawn.drawing = True
    drawn.speed = 40.0  # ms of model time a second: many small blocks
    STUDY.run(drawn)
    drawn.close()
    assert same(whole, drawn)
    stepped = started()
    stepped.pause()
    worker = threading.Thread(target=STUDY.run, args=(stepped,))
    worker.start()
    for _ in range(5):
        stepped.single_step()
    deadline = time.monotonic() + 5
    while stepped.steps < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stepped.steps == 5
    stepped.resume()
    worker.join(10)
    stepped.close()
    assert same(whole, stepped)


def test_a_steered_run_keeps_its_voltages_and_repeats_exactly() -> None:
    schedule = (
        ChangeAt(150, {"J": 5.0, "gamma": 0.2, "mu_gray": 14.0}),
        ChangeAt(300, {"hole_radius": 12.0, "tau_R": 0.1, "neighbours": "4"}),
    )
    one, two = finished(schedule=schedule), finished(schedule=schedule)
    assert same(one, two)
    assert not same(one, finished())
    before = spikes_of(finished())[1] < 1.5
    assert np.array_equal(spikes_of(one)[0][: before.sum()], spikes_of(finished())[0][before])
    frames = one.channel("replay").snapshot()["frames"]
    assert np.abs(np.diff(frames[28:33], axis=0)).max() < 3.0


def test_painting_while_it_runs_changes_the_drive_from_the_next_step() -> None:
    canvas = STUDY.painting_of(STUDY.Parameters().changed(figure="uniform gray"))
    canvas.rectangle((20, 20), (59, 59), 1.0)
    painted = STUDY.changes_for_painting(canvas.pixels)
    run = finished(schedule=(ChangeAt(100, painted),), figure="uniform gray")
    assert run.result["true_parts"] == 1
    assert run.result["figure_median"] < 3.5
    assert run.result["temporal_volleys"] == 2


def test_a_painted_figure_starts_from_the_one_shown() -> None:
    ring = STUDY.Parameters()
    canvas = STUDY.painting_of(ring)
    assert canvas.flood((40, 40), 1.0)
    filled = ring.changed(**STUDY.changes_for_painting(canvas.pixels))
    assert STUDY.preview(filled)["figure"]["image"][40, 40] == 0
    assert canvas.undo()
    again = ring.changed(**STUDY.changes_for_painting(canvas.pixels))
    figures = [STUDY.preview(p)["figure"]["image"] for p in (ring, again)]
    assert np.array_equal(*figures)
    run = finished(**STUDY.changes_for_painting(canvas.pixels))
    assert same(run, finished())
    assert run.result["temporal_volleys"] == 3


def test_a_live_change_that_would_be_unstable_is_named_and_left_out() -> None:
    run = finished(schedule=(ChangeAt(20, {"J": 10.0, "tau": 1.0}),), dt=0.05, tau_R=0.1)
    assert any("largest stable step" in note for note in run.result.notes)
    assert np.isfinite(run.channel("sheet").snapshot()["image"]).all()


LIVE = {
    name: declared
    for name, declared in STUDY.Parameters.declarations().items()
    if declared.slider and declared.kind == "float"
}


@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_a_storm_of_sliders_never_stops_the_sheet(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(LIVE)), min_size=1, max_size=12))
    steps = data.draw(st.lists(st.integers(0, 390), min_size=len(names), max_size=len(names)))
    schedule = tuple(
        ChangeAt(step, {name: data.draw(st.floats(LIVE[name].low, LIVE[name].high))})
        for name, step in zip(names, steps, strict=True)
    )
    shape = data.draw(st.sampled_from([value for value, _ in SHAPES]))
    run = finished(schedule=schedule, figure=shape, duration=4.0)
    assert np.isfinite(run.channel("sheet").snapshot()["image"]).all()
    assert run.steps == 400


def test_a_cancelled_trial_stops_at_once_and_keeps_what_it_did() -> None:
    run = started(duration=100.0)
    run.speed = 10.0
    run.drawing = True
    stopped = threading.Event()

    def work() -> None:
        try:
            STUDY.run(run)
        except Cancelled:
            stopped.set()

    worker = threading.Thread(target=work)
    worker.start()
    deadline = time.monotonic() + 20
    while run.clock < 2.5 and time.monotonic() < deadline:
        time.sleep(0.005)
    asked = time.monotonic()
    run.cancel()
    worker.join(10)
    assert time.monotonic() - asked < 0.2
    assert stopped.is_set()
    run.close()
    assert run.result["temporal_volleys"] >= 1
    times = run.channel("replay").snapshot()["times"]
    assert 2.4 < times[-1] < 50
    assert len(spikes_of(run)[0]) > 1000


def test_counters_say_what_is_expected_and_true() -> None:
    shown = finished().channel("counters").snapshot()
    assert shown["lead"] == "3"
    assert shown["caption"] == "One hole: 3 expected"
    assert [row[2] for row in shown["rows"]] == ["3", "3", "3", "1"]
    open_ring = finished(breach=60.0)
    assert open_ring.result["temporal_volleys"] == 2
    assert open_ring.channel("counters").snapshot()["caption"] == "No hole: 2 expected"


def test_every_view_of_the_trial_gets_data() -> None:
    run = finished()
    for view in STUDY.views:
        if view.id in ("psychometric", "scan", "plane", "pair", "measured_band"):
            continue
        data = run.channel(view.channel).snapshot()
        assert data, view.id
        if view.kind in ("image", "editor"):
            assert data["image"].shape == (80, 80)
    raster = run.channel("raster").snapshot()
    time_, cells = spikes_of(run)[1], spikes_of(run)[0]
    assert len(raster["time"]) == len(cells)
    assert np.allclose(raster["time"], time_)
    assert set(np.unique(raster["group"])) == {0, 1, 2}
    replay = run.channel("replay").snapshot()
    assert replay["frames"].shape == (161, 80, 80)
    assert replay["times"][-1] == pytest.approx(8.0)


def test_exports_hold_what_they_say(tmp_path: Path) -> None:
    run = finished(duration=2.0)
    for name, offer in run.offers.items():
        made = as_object(name, offer.make(), {})
        for ending in made.formats:
            if ending != "nwb":
                made.save(tmp_path / f"{name}.{ending}")
    header = (tmp_path / "spikes.csv").read_text().splitlines()[0].split(",")
    assert {"t_ms", "row", "col", "label"} <= set(header)
    assert (tmp_path / "ron_spikes.csv").read_text().startswith("t_ms")
    with np.load(tmp_path / "voltage.npz") as stored:
        assert stored["data"].shape == (41, 80, 80)
        assert stored["t_ms"][-1] == pytest.approx(2.0)
    assert len(list(tmp_path.glob("voltage_*.png"))) == 41
    assert np.load(tmp_path / "labels.npy").max() == 2
    assert np.isnan(np.load(tmp_path / "first_spike.npy")).any()


def test_a_cancelled_batch_stops_at_once_and_resumes_where_it_was(tmp_path: Path) -> None:
    parameters = STUDY.Parameters().changed(trials=60, breach_angles="0, 45, 52, 60")
    run = Run(STUDY, parameters, "breach", directory=tmp_path)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            STUDY.run(run)
        except Cancelled as stop:
            failures.append(stop)

    worker = threading.Thread(target=work)
    worker.start()
    deadline = time.monotonic() + 20
    while len(run.cells) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    asked = time.monotonic()
    run.cancel()
    worker.join(10)
    assert time.monotonic() - asked < 0.5
    assert failures
    kept = len(run.cells)
    assert 3 <= kept < 12
    assert run.result.tables["events"]["onset"][0] == 0.0
    again = Run(STUDY, parameters, "breach", directory=tmp_path)
    assert len(again.cells) == kept
    STUDY.run(again)
    fresh = Run(STUDY, parameters, "breach")
    STUDY.run(fresh)
    names = [name for name in fresh.result.values if name.startswith("counted")]
    assert names
    assert all(again.result[name] == fresh.result[name] for name in names)


def test_batches_leave_a_trial_table_and_bids_events() -> None:
    run = finished("radius", trials=3, hole_radii="9, 10, 11")
    trials, events = run.result.tables["trials"], run.result.tables["events"]
    assert trials["hole_radius"] == [9.0] * 3 + [10.0] * 3 + [11.0] * 3
    assert list(events) == ["onset", "duration", "trial_type", "n_volleys"]
    assert events["onset"] == pytest.approx(np.arange(9) * 0.008)
    assert events["trial_type"][0] == "hole_radius=9"
    assert run.offers["events"].make().formats[0] == "tsv"


def test_the_map_shows_three_phases() -> None:
    run = finished(
        "plane", figure="disk", trials=2, plane_J="0.5, 3, 6", plane_gamma="0.05, 0.15, 0.25"
    )
    shown = run.channel("plane").snapshot()
    assert shown["image"].shape == (3, 3)
    assert shown["image"][0, 0] == 0
    assert shown["image"][1, 1] == 2
    assert shown["image"][2, 2] == 1
    assert shown["categories"][1] == "single volley"


@pytest.mark.parametrize(
    ("changes", "procedure", "field", "words"),
    [
        ({"dt": 0.1, "J": 10.0}, "free", "dt", "0.062 ms"),
        ({"dt": 0.08, "tau_R": 0.02}, "free", "dt", "read-out neuron"),
        ({"figure": "picture", "picture": "missing.png"}, "free", "picture", "does not exist"),
        ({"figure": "painted", "drawing": "torn"}, "free", "drawing", "damaged"),
        ({"breach_angles": "0, ten"}, "breach", "breach_angles", "needs numbers"),
        ({"breach_angles": "0, 400"}, "breach", "breach_angles", "400"),
        ({"breach_angles": "0:90:1000"}, "breach", "breach_angles", "needs numbers"),
        ({"breach_angles": " "}, "breach", "breach_angles", "1 to 200"),
        ({"figure": "disk"}, "breach", "figure", "needs ring"),
        ({"figure": "disk"}, "discriminate", "figure", "needs two holes or ring"),
        ({"tau": 1.0, "J": 10.0}, "step", "dt", "stable"),
        ({"dt": 0.1, "plane_J": "0, 10"}, "plane", "dt", "stable"),
    ],
)
def test_settings_that_cannot_run_are_refused_in_words(
    changes: dict[str, Any], procedure: str, field: str, words: str
) -> None:
    with pytest.raises(ParameterError) as refused:
        STUDY.check(STUDY.Parameters().changed(**changes), procedure)
    assert refused.value.field == field
    assert words in refused.value.sentence
    assert len(refused.value.sentence.split()) <= 40


def test_the_fix_of_a_refused_step_is_accepted() -> None:
    parameters = STUDY.Parameters().changed(dt=0.1, J=10.0)
    with pytest.raises(ParameterError) as refused:
        STUDY.check(parameters)
    STUDY.check(parameters.changed(dt=refused.value.fix))


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"mu_gray": 9.0}, "mu_gray", "background cannot fire"),
        ({"duration": 12.0}, "duration", "fires again"),
        ({"figure": "uniform gray"}, "figure", "1 volley is expected"),
    ],
)
def test_odd_settings_run_with_a_warning(changes: dict[str, Any], field: str, words: str) -> None:
    parameters = STUDY.Parameters().changed(**changes)
    (notice,) = STUDY.check(parameters)
    assert notice.field == field
    assert words in f"{notice.title} {notice.text}"
    if notice.fix is not None:
        assert STUDY.check(parameters.changed(**{field: notice.fix})) == []
    finished(**changes)


def test_grids_read_lists_and_ranges() -> None:
    parameters = STUDY.Parameters()
    assert grid(parameters.changed(breach_angles="0:90:4"), "breach_angles") == [0, 30, 60, 90]
    assert grid(parameters.changed(plane_J="1"), "plane_J") == [1.0]


def test_every_picture_example_runs() -> None:
    for example in STUDY.Parameters.declaration("example").choices:
        run = finished(figure="picture", example=example[0], duration=1.0)
        assert run.result["expected_volleys"] >= 1


def test_luminance_pictures_give_every_cell_its_own_drive() -> None:
    data = STUDY.preview(
        STUDY.Parameters().changed(figure="picture", example="camera", levels="luminance")
    )
    assert len(np.unique(data["figure"]["image"])) > 50
    two = STUDY.preview(STUDY.Parameters().changed(figure="picture", example="camera"))
    assert set(np.unique(two["figure"]["image"])) == {0, 255}


def test_a_dropped_picture_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "Öhr.npy"
    picture = np.ones((40, 40))
    picture[10:30, 10:30] = 0
    np.save(path, picture)
    changes = STUDY.changes_for_file(STUDY.Parameters(), path)
    run = finished(duration=3.0, **changes)
    assert run.result["true_parts"] == 1
    assert run.result["expected_volleys"] == 2


def test_sheet_settings_changed_while_it_runs_wait_for_the_next_run() -> None:
    run = finished(schedule=(ChangeAt(100, {"H": 40, "dt": 0.02}),))
    assert same(run, finished())
    assert any("next run" in note for note in run.result.notes)


def test_the_sheet_is_an_observer_that_answers_with_volleys() -> None:
    figures = [make_figure(kind) for kind in ("uniform gray", "disk", "ring")]
    run = started("trials")
    responses = observe(figures, run, trials=5)
    assert responses.expected.tolist() == [1, 2, 3]
    assert responses.temporal.tolist() == [1, 2, 3]
    assert [len(row) for row in responses.trials] == [5, 5, 5]
    run.cancel()
    with pytest.raises(Cancelled):
        observe(figures, run, trials=5)


def test_methods_name_the_model_and_its_settings() -> None:
    text = STUDY.methods(STUDY.Parameters(), "free")
    assert "80 × 80" in text
    assert "J = 3" in text


def test_a_measured_band_is_not_replaced_by_the_preview() -> None:
    p = STUDY.Parameters().changed(hole_radii="7, 10, 13", trials=4)
    run = Run(STUDY, p, "radius")
    STUDY.run(run)
    run.close()
    band = run.channel("measured_band").snapshot()
    assert 7.0 < band["x"][1] < 10.0 < band["x"][2] < 13.0
    assert "measured_band" not in STUDY.preview(p)


def test_no_text_points_to_a_document_users_do_not_have() -> None:
    texts = [*STUDY.notes, *(q.help for q in STUDY.quantities.values())]
    for entry in STUDY.Parameters.declarations().values():
        texts += [entry.source, entry.help]
    for preset in STUDY.presets:
        texts.append(preset.note)
        for reference in preset.references:
            texts += [reference.where, reference.note]
            assert reference.where, reference.quantity
            if reference.source == "spec":
                words = ("theory", "independent implementations", "required")
                assert any(word in reference.where for word in words), reference.where
    found = [t for t in texts if re.search(r"\bspec|specification|DESIGN|prototype", t)]
    assert not found


def test_labels_tell_apart_at_their_start_and_units_are_said() -> None:
    labels = {name: entry.label for name, entry in STUDY.quantities.items()}
    assert labels["readout_breach_40"] == "40°: read-out spikes"
    assert labels["counted_radius_10"] == "10 px: counted"
    assert labels["breach_fall_threshold"] == "Falling: breach threshold"
    assert all(STUDY.monitors.values())
    assert "γ = 0.15 mV per J" in STUDY.methods(STUDY.Parameters(), "free")
    assert not any(entry.unit == "volleys" for entry in STUDY.quantities.values())
