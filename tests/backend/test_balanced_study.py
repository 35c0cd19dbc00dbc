"""Study 01 as its users see it: presets, refusals, live changes, rebuilds, batches, exports."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from backend.core import headless
from backend.core.parameters import ParameterError
from backend.core.result import Verdict
from backend.core.run import Cancelled, ChangeAt, Run, StopCondition
from backend.studies import find
from backend.studies.ei_balanced.checks import refuse_memory
from backend.studies.ei_balanced.panels import panel_of
from backend.studies.ei_balanced.sessions import build

STUDY = find("ei-balanced-network")
SMALL = {"side_f": 20, "side_e": 24, "side_i": 12}
MEASURED = [p.name for p in STUDY.presets if p.procedure not in ("free", "crosscheck")]


def parameters(preset: str = "Figure 5E-F", **changes: object):
    return STUDY.parameters_of(preset).changed(**changes)


def free(duration: float | None = 40.0, preset: str = "Figure 5E-F", **changes: object) -> Run:
    return Run(STUDY, parameters(preset, **changes), "free", duration=duration)


def finished(run: Run) -> Run:
    STUDY.run(run)
    run.close()
    return run


def spikes(run: Run) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return run.offers["spikes"].make().layers


def same_spikes(a: Run, b: Run) -> bool:
    first, second = spikes(a), spikes(b)
    return all(
        np.array_equal(first[layer][0], second[layer][0])
        and np.array_equal(first[layer][1], second[layer][1])
        for layer in first
    )


class Worker:
    """A run in a thread of its own."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.problem: BaseException | None = None
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        try:
            STUDY.run(self.run)
        except Cancelled as error:
            self.problem = error
        finally:
            self.run.close()

    def until(self, condition) -> None:
        end = time.monotonic() + 30.0
        while not condition():
            assert time.monotonic() < end, "never happened"
            assert self.thread.is_alive(), "the run ended"
            time.sleep(0.005)

    def end(self) -> float:
        """Cancel; seconds until the worker is gone."""
        began = time.monotonic()
        self.run.cancel()
        self.thread.join(10.0)
        return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("preset", MEASURED)
def test_every_preset_agrees_with_its_references(preset: str) -> None:
    changes = {"trials": 3} if preset in ("Figure 6A", "Figure 6B") else {}
    result = headless.run(STUDY.id, preset, changes)
    chosen = STUDY.preset(preset)
    assert {reference.quantity for reference in chosen.references} <= set(result.values)
    for reference in chosen.references:
        verdict = reference.verdict(result[reference.quantity])
        assert verdict is Verdict.AGREE, (reference.quantity, result[reference.quantity])
    assert result.lead in result.values


def test_declarations_are_whole() -> None:
    for preset in STUDY.presets:
        STUDY.check(STUDY.parameters_of(preset), preset.procedure)
        STUDY.procedure(preset.procedure)
        assert all(r.quantity in STUDY.quantities for r in preset.references), preset.name
    for split in STUDY.layout.values():
        for view in _ids(split):
            assert STUDY.view(view).channel in STUDY.channels
    for view in STUDY.views:
        assert view.channel in STUDY.channels


def _ids(split) -> list[str]:
    out: list[str] = []
    for item in split.items:
        out += [item] if isinstance(item, str) else _ids(item)
    return out


def test_declaring_the_study_loads_no_kernel() -> None:
    code = (
        "import sys\nfrom backend.studies import find\nstudy = find('ei-balanced-network')\n"
        "study.check(study.Parameters())\nstudy.preview(study.Parameters())\n"
        "assert not {'numba', 'scipy', 'brian2', 'matplotlib'} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, timeout=60)


@pytest.mark.parametrize(
    ("changes", "procedure", "field", "words"),
    [
        ({"mode": "S2", "s2_j_ei": 0.0, "s2_j_ee": 0.0}, "free", "s2_j_ei", "finite balanced"),
        ({"mode": "S2", "f_e": 0.0, "f_i": 0.0}, "free", "f_e", "finite balanced state"),
        ({"mode": "S2", "mu_amplitude": -0.5}, "free", "mu_amplitude", "mu < 0 at t = "),
        ({"mode": "S1", "mu_kind": "constant", "mu": -1.0}, "free", "mu", "mu < 0 at t = 0"),
        ({"mode": "S2", "mu_kind": "file"}, "free", "mu_file", "No trace file"),
        ({"mode": "S2", "mu_kind": "points", "mu_points": []}, "free", "mu_points", "two"),
        ({"x": 0.9}, "free", "path_radius", "leaves the field"),
        ({"stimulus": "events"}, "free", "stimulus_file", "No recording"),
        ({"stimulus": "path", "path_points": [(0.1, 1.5), (0, 0)]}, "free", "path_points", "leav"),
        ({"dt": 0.00001}, "free", "dt", "too short"),
        ({"sweep_k": "1, x"}, "lag_speed", "sweep_k", '"x" is not a number'),
        ({"sweep_periods": ""}, "lag_speed", "sweep_periods", "empty"),
        ({"mode": "S2", "engine": "brian2", "n": 5000}, "free", "n", "4000"),
        ({"mode": "preview", "stimulus": "photo"}, "free", "stimulus", "preview"),
        ({"stimulus": "circle"}, "flicker", "stimulus", "needs the stimulus flicker"),
        ({"mode": "S1", "mu": 5.0, "mu_kind": "constant"}, "step", "mode", "needs system S3"),
    ],
)
def test_refusals_name_field_and_fix(changes: dict, procedure: str, field: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words) as caught:
        STUDY.check(parameters(**changes), procedure)
    assert caught.value.field == field
    assert len(caught.value.sentence.split()) <= 40


def test_memory_is_refused_with_the_estimate() -> None:
    with pytest.raises(ParameterError, match=r"need 0\.0 GB|need .* GB"):
        refuse_memory(parameters("Figure 3", n=20_000), limit=2**20)
    with pytest.raises(ParameterError, match=r"GB are allowed"):
        STUDY.check(parameters(side_e=200, side_i=200, p_ee=1.0, p_ie=1.0, p_ei=1.0, p_ii=1.0))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": "S2", "f_e": 1.0}, "balance condition"),
        ({"mode": "S2", "s2_j_ie": 0.01}, "balance condition"),
        ({"k": 0.1, "dt": 0.1}, "step is long"),
        ({"dt": 0.5, "amplitude": 40.0, "k": 1.0}, "most steps"),
        ({"a_e": 0.1}, "widths"),
        ({"mode": "S1", "mu": 5.0, "mu_kind": "constant", "reset": "hard"}, "reads low"),
    ],
)
def test_warnings_do_not_stop_a_run(changes: dict, words: str) -> None:
    notices = STUDY.check(parameters(**changes), "free")
    assert any(words in notice.title for notice in notices), [n.title for n in notices]
    for notice in notices:
        assert len(f"{notice.title} {notice.text}".split()) <= 40
        if notice.fix is not None:
            parameters(**changes).changed(**{notice.field: notice.fix})


def test_the_defaults_have_no_warning() -> None:
    for preset in STUDY.presets:
        assert STUDY.check(STUDY.parameters_of(preset), preset.procedure) == [], preset.name


def test_same_spikes_drawn_and_not_drawn_paused_and_stepped() -> None:
    plain = finished(free(**SMALL))
    drawn = free(**SMALL)
    drawn.drawing = True
    finished(drawn)
    assert same_spikes(plain, drawn)
    stepped = free(**SMALL)
    stepped.pause()
    worker = Worker(stepped)
    for _ in range(5):
        stepped.single_step()
    worker.until(lambda: stepped.steps >= 5)
    assert stepped.steps == 5
    stepped.resume()
    worker.thread.join(30.0)
    assert same_spikes(plain, stepped)
    assert plain.result["live_rate_e"] == stepped.result["live_rate_e"]


def test_a_steered_run_repeats_exactly() -> None:
    schedule = (
        ChangeAt(200, {"k": 2.0, "amplitude": 20.0}),
        ChangeAt(400, {"j_ie": 46.0, "stimulus": "linear"}),
        ChangeAt(500, {"side_i": 10, "seed": 3}),
    )
    p = parameters(**SMALL)
    runs = [finished(Run(STUDY, p, "free", schedule, 40.0)) for _ in range(2)]
    assert same_spikes(*runs)
    assert runs[0].changes == runs[1].changes
    assert not same_spikes(runs[0], finished(free(**SMALL)))


def test_a_rebuild_never_stops_the_running_network_and_can_be_repeated() -> None:
    run = free(None, **SMALL)
    worker = Worker(run)
    worker.until(lambda: run.steps > 100)
    run.change(side_e=60, k=1.5)
    worker.until(lambda: run.rebuilding != "")
    before = run.steps
    worker.until(lambda: run.rebuilding == "" or run.steps > before)
    worker.until(lambda: any(text == "new network" for _, text in run.events))
    swapped = run.steps
    worker.until(lambda: run.steps > swapped + 100)
    run.finish()
    worker.thread.join(10.0)
    rebuilt = [change for change in run.changes if "side_e" in change.values]
    assert len(rebuilt) == 1
    assert run.offers["spikes"].make().sizes["E"] == 3600
    again = finished(Run(STUDY, parameters(**SMALL), "free", tuple(run.changes), run.clock))
    assert same_spikes(run, again)


def test_an_impossible_rebuild_leaves_the_old_network_running() -> None:
    run = free(None, preset="Figure 3", n=400)
    worker = Worker(run)
    worker.until(lambda: run.steps > 50)
    run.change(mode="S3", stimulus="events")
    worker.until(lambda: bool(run.result.notes))
    assert "No recording" in run.result.notes[0]
    before = run.steps
    worker.until(lambda: run.steps > before + 50)
    assert worker.end() < 0.5


def test_a_run_stops_when_the_e_rate_passes_a_bound() -> None:
    run = free(200.0, **SMALL)
    run.stop_when = StopCondition("E rate", True, 5.0)
    finished(run)
    assert run.clock < 200.0
    assert "E rate" in run.stopped_by


def test_brian2_is_not_loaded_beside_the_window() -> None:
    run = free(None, preset="Figure 3", n=400)
    worker = Worker(run)
    worker.until(lambda: run.steps > 50)
    run.change(engine="brian2")
    worker.until(lambda: bool(run.result.notes))
    assert "process of its own" in run.result.notes[0]
    assert "brian2" not in sys.modules
    worker.end()


def test_cancelled_while_rebuilding() -> None:
    run = free(None, **SMALL)
    worker = Worker(run)
    worker.until(lambda: run.steps > 50)
    run.change(side_e=200, p_ee=0.02)
    worker.until(lambda: run.rebuilding != "")
    assert worker.end() < 0.5
    assert run.rebuilding == ""


@pytest.mark.parametrize("preset", ["Figure 3", "Figure 2A", "Wiring", "Figure 6B", "Figure 5A"])
def test_a_measurement_is_cancelled_within_half_a_second(preset: str) -> None:
    headless.run(STUDY.id, "Wiring", SMALL)
    run = Run(STUDY, parameters(preset), STUDY.preset(preset).procedure)
    worker = Worker(run)
    time.sleep(0.15)
    assert worker.end() < 0.5


def test_a_stopped_sweep_resumes_finished_cells(tmp_path: Path) -> None:
    p = parameters("Figure 6B", trials=2, sweep_k="1", sweep_periods="100, 60", **SMALL)
    run = Run(STUDY, p, "lag_speed", directory=tmp_path)
    worker = Worker(run)
    worker.until(lambda: len(run.cells) >= 2)
    worker.end()
    done = len(run.cells)
    assert 2 <= done <= 4
    again = finished(Run(STUDY, p, "lag_speed", directory=tmp_path))
    table = again.result.tables["sweep"]
    assert table["n"] == [2, 2]
    assert table["period_ms"] == [100.0, 60.0]
    assert "degrees_sd" in table


def test_sweeps_say_what_is_drawn_against_what() -> None:
    small = {"trials": 1, "sweep_k": "0.4, 1", "sweep_periods": "100, 60", **SMALL}
    for preset, view, x in (
        ("Synaptic limit", "scale", "k"),
        ("Figure 6A", "sweep", "flicker frequency 1/T (1/ms)"),
        ("Figure 6B", "sweep_speed", "motion frequency 1/period (1/ms)"),
    ):
        procedure = STUDY.preset(preset).procedure
        run = finished(Run(STUDY, parameters(preset, **small), procedure))
        shown = run.channel(STUDY.view(view).channel).snapshot()
        assert len(shown["x"]) == 2, preset
        assert STUDY.view(view).x.title == x
        assert view in _ids(STUDY.layout[STUDY.layout_of(run.parameters, procedure)])
        names = {series.name for series in STUDY.view(view).series}
        assert set(shown) - {"x", "bands"} <= names
        if preset != "Synaptic limit":
            assert run.result.notes == ["Synaptic scales in the view: k₁ = 0.4, k₂ = 1."]


@pytest.mark.parametrize(("offset", "name"), [(False, "E_scaled"), (True, "E_fitted")])
def test_a_scaled_curve_says_so(offset: bool, name: str) -> None:
    p = parameters("Figure 5A", trials=1, scale_offset=offset, **SMALL)
    run = finished(Run(STUDY, p, "step"))
    assert set(run.channel("curve").snapshot()) == {"x", "F", name}
    labels = {series.name: series.label for series in STUDY.view("curve").series}
    assert "scaled" in labels[name]
    assert labels["E"] == "E"


def test_every_stimulus_runs_and_exports(tmp_path: Path) -> None:
    events = tmp_path / "events.npy"
    np.save(events, np.random.default_rng(0).random((200, 20, 20)) < 0.05)
    film = tmp_path / "film.npy"
    np.save(film, np.random.default_rng(0).integers(0, 255, (4, 30, 40), np.uint8))
    packed = tmp_path / "camera.dat"
    packed.write_bytes(bytes(range(64)) * 40)
    sources = {
        "events": {"stimulus_file": str(events)},
        "film": {"stimulus_file": str(film), "frame_ms": 5.0},
        "packed": {"stimulus_file": str(packed), "packed_rows": 16, "packed_columns": 30},
    }
    kinds = ["disc", "step", "flicker", "linear", "circle", "crossing", "path", "photo", *sources]
    for kind in kinds:
        run = free(8.0, stimulus=kind, x=0.5, **SMALL, **sources.get(kind, {}))
        run.drawing = True
        finished(run)
        assert len(spikes(run)["F"][0]) > 0, kind
        frames = run.offers["stimulus"].make().array
        assert frames.ndim == 3, kind
        assert frames.shape[1:] == (20, 20)
        assert run.channel("camera").snapshot()["image"].shape == (20, 20)


def test_a_file_is_read_once_while_sliders_move_and_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.stimuli import camera_files
    from backend.studies.ei_balanced.settings import stimulus_of

    reads = []
    load = camera_files.load_film
    monkeypatch.setattr(camera_files, "load_film", lambda *a: reads.append(a) or load(*a))
    path = tmp_path / "film.npy"
    np.save(path, np.full((3, 4, 4), 100, np.uint8))
    seen = [
        stimulus_of(parameters(stimulus="film", stimulus_file=str(path), amplitude=float(a)))
        for a in range(5)
    ]
    assert [film.amplitude for film in seen] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert len(reads) == 1
    np.save(path, np.full((5, 4, 4), 100, np.uint8))
    again = stimulus_of(parameters(stimulus="film", stimulus_file=str(path)))
    assert len(again.frames) == 5


def test_exports(tmp_path: Path) -> None:
    run = free(30.0, **SMALL)
    run.drawing = True
    finished(run)
    trains = run.offers["spikes"].make()
    trains.save(tmp_path / "spikes.npz")
    trains.save(tmp_path / "spikes.csv")
    with np.load(tmp_path / "spikes.npz") as data:
        assert set(data.files) >= {"layer", "index", "t_ms"}
    assert (tmp_path / "spikes.csv").read_text().startswith("layer,index,t_ms")
    rates = run.offers["rates"].make()
    assert len(rates["t_ms"]) == 30
    assert run.offers["map_e"].make().shape == (24, 24)
    assert run.offers["positions"].make()["t_ms"][0] == 1.0


@pytest.mark.parametrize("preset", ["Figure 3", "Figure 2B", "Preview"])
def test_live_views_of_the_other_systems(preset: str) -> None:
    small = {"Figure 3": {"n": 400}, "Figure 2B": {"n_1": 200}, "Preview": {}}[preset]
    run = free(20.0, preset=preset, **small)
    run.drawing = True
    finished(run)
    layout = STUDY.layout[STUDY.layout_of(run.parameters)]
    for view in _ids(layout):
        assert run.channel(STUDY.view(view).channel).revision > 0, view
    assert run.monitors["E rate"] > 0.0


@pytest.mark.parametrize("preset", [preset.name for preset in STUDY.presets])
def test_nothing_drawn_without_a_run_can_replace_what_a_run_found(preset: str) -> None:
    assert STUDY.preview(STUDY.parameters_of(preset)) == {}


@pytest.mark.parametrize("preset", ["Figure 5E-F", "Figure 3", "Preview"])
def test_the_defaults_are_balanced(preset: str) -> None:
    small = {"Figure 3": {"n": 400}}.get(preset, SMALL)
    run = finished(free(10.0, preset=preset, **small))
    rows = run.channel("balance").snapshot()["rows"]
    assert [row[1] for row in rows] == [True, True, None, None]


def test_saturated_cells_are_noted_once() -> None:
    run = free(40.0, dt=0.5, theta=0.2, amplitude=40.0, **SMALL)
    panel = panel_of(run, build(run.parameters, lambda *_: None), 0)
    for count in (0, 3, 1520, 1632):
        panel._measure_saturated(count)
    assert run.result["saturated"] == 1632
    assert len(run.result.notes) == 1
    assert "shorter step" in run.result.notes[0]


def test_lag_in_list_and_headline_is_the_one_drawn_last() -> None:
    run = finished(free(160.0, **SMALL))
    assert run.result.lead == "live_lag"
    assert run.result["live_lag"] == run.channel("lag").snapshot()["lag"][-1]
    assert run.result["live_lag"] == run.monitors["Lag"]


def test_points_can_be_typed() -> None:
    p = STUDY.Parameters()
    assert p.changed(mu_points="0, 0.1; 50, 0.2").mu_points == [(0.0, 0.1), (50.0, 0.2)]
    for bad in ("0, 0.1; 50", "a, b", "0, nan; 1, 1", [(1.0,)]):
        with pytest.raises(ParameterError) as caught:
            p.changed(mu_points=bad)
        assert caught.value.field == "mu_points"


def test_dropped_files(tmp_path: Path) -> None:
    p = STUDY.Parameters()
    assert STUDY.changes_for_file(p, tmp_path / "a.csv")["mu_kind"] == "file"
    assert STUDY.changes_for_file(p, tmp_path / "a.PNG")["stimulus"] == "photo"
    assert STUDY.changes_for_file(p, tmp_path / "a.dat")["stimulus"] == "packed"
    assert STUDY.changes_for_file(p, tmp_path / "a.xyz") == {}
    for array, kind in (
        (np.zeros((3, 4, 4), bool), "events"), (np.full((3, 4, 4), 9), "film"),
        (np.zeros((4, 4)), "photo"),
    ):  # fmt: skip
        path = tmp_path / f"{kind}.npy"
        np.save(path, array)
        changes = STUDY.changes_for_file(p, path)
        assert changes["stimulus"] == kind
        p.changed(**changes)


@pytest.mark.parametrize("mode", ["S1", "S2", "S3", "preview"])
def test_methods_say_what_was_done(mode: str) -> None:
    text = STUDY.methods(parameters(mode=mode), "free")
    assert len(text.split()) > 30
    assert "Euler step" in text


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


def test_every_axis_says_its_unit() -> None:
    for name in ("membrane", "voltage", "voltage_s1"):
        assert STUDY.view(name).x.title == "v (no unit)" or STUDY.view(name).y.unit == "no unit"
    for name in ("currents_e", "currents_i"):
        assert STUDY.view(name).x.title == "current (no unit)"
    assert all(STUDY.monitors.values())
