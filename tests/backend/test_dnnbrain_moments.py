"""RSA over time as a user meets it: own epochs from mne or arrays, matched to own pictures."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pytest
from PIL import Image

from backend.brain.recordings import averaged, matched, read_trials
from backend.core.files import FileProblem
from backend.core.objects import as_object
from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies import find

STUDY = find("dnnbrain")
TIMES_MS = np.arange(-100, 301, 20.0)
SEEN_MS = 200.0


def finished(**changes: Any) -> Run:
    run = Run(STUDY, STUDY.Parameters().changed(**changes), "time")
    run.drawing = True
    STUDY.run(run)
    run.close()
    return run


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pictures of coloured patches in two classes."""
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(0)
    for number in range(24):
        patches = rng.integers(0, 255, (4, 4, 3), dtype=np.uint8)
        place = folder / ("warm" if number % 2 else "cold")
        place.mkdir(exist_ok=True)
        Image.fromarray(patches).resize((32, 32), Image.Resampling.NEAREST).save(
            place / f"p{number:02d}.png"
        )
    return folder


def names_of(folder: Path) -> list[str]:
    return sorted(
        one.relative_to(folder).with_suffix("").as_posix() for one in folder.rglob("*.p*")
    )


def seen(folder: Path, repeats: int = 1, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Trials (24 * repeats, 20, 21) in which the picture is seen at 200 ms, and their names."""
    rng = np.random.default_rng(seed)
    names = names_of(folder)
    pixels = np.stack([
        np.asarray(Image.open(folder / f"{one}.png").resize((4, 4)), float).ravel() for one in names
    ])  # fmt: skip
    mixed = (pixels - pixels.mean(0)) / pixels.std() @ rng.standard_normal((48, 20)) / 7
    trials = 0.5 * rng.standard_normal((24 * repeats, 20, len(TIMES_MS)))
    trials[:, :, TIMES_MS == SEEN_MS] += np.repeat(mixed, repeats, axis=0)[:, :, None]
    return trials, [one for one in names for _ in range(repeats)]


def settings(pictures: Path, file: Path, **more: Any) -> dict[str, Any]:
    return {
        "stimuli": "own", "folder": str(pictures), "layers": "relu1, relu5", "by_category": False,
        "meg": "own", "recording": str(file), "components": 20, "label_permutations": 200, **more,
    }  # fmt: skip


def fif(path: Path, trials: np.ndarray, names: list[str], kinds: str | list[str] = "eeg") -> Path:
    """Epochs of mne whose events are called as the pictures."""
    event_id = {name: code for code, name in enumerate(dict.fromkeys(names), 1)}
    events = np.array([[100 * i, 0, event_id[name]] for i, name in enumerate(names)])
    info = mne.create_info([f"c{i}" for i in range(trials.shape[1])], 50.0, kinds, verbose="ERROR")
    epochs = mne.EpochsArray(trials, info, events, -0.1, event_id, verbose="ERROR")
    epochs.save(path, overwrite=True, verbose="ERROR")
    return path


def test_ones_own_epochs_of_mne_show_when_the_pictures_are_seen(
    pictures: Path, tmp_path: Path
) -> None:
    trials, names = seen(pictures, repeats=3)
    shuffled = np.random.default_rng(1).permutation(len(names))
    file = fif(tmp_path / "own-epo.fif", trials[shuffled], [names[i] for i in shuffled])
    run = finished(**settings(pictures, file))
    assert run.result["peak_ms_1"] == SEEN_MS
    assert run.result["onset_ms_1"] == SEEN_MS
    assert "relu1 at 200 ms" in run.result.sentence
    assert any("72 of 72 trials" in note for note in run.result.notes)
    table = run.result.tables["time"]
    reliable = [ms for ms, p in zip(table["ms"], table["relu1_p"], strict=True) if p <= 0.05]
    assert reliable == [SEEN_MS]
    shown = run.channels["time"].snapshot()
    assert "own-epo.fif" in shown["note"]
    assert set(shown["reliable_x"]) == {SEEN_MS}


def test_an_array_in_the_order_of_the_pictures_gives_the_same_as_named_epochs(
    pictures: Path, tmp_path: Path
) -> None:
    trials, names = seen(pictures)
    named = finished(**settings(pictures, fif(tmp_path / "a-epo.fif", trials, names)))
    np.savez(tmp_path / "a.npz", data=trials, times=TIMES_MS / 1000)
    ordered = finished(**settings(pictures, tmp_path / "a.npz", trials_match="order"))
    first, second = named.result.tables["time"], ordered.result.tables["time"]
    np.testing.assert_allclose(first["relu1"], second["relu1"], atol=1e-5)
    assert second["ms"] == pytest.approx(TIMES_MS)


def test_an_array_without_times_counts_moments(pictures: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", seen(pictures)[0])
    run = finished(**settings(pictures, tmp_path / "a.npy", trials_match="order"))
    assert run.result.tables["time"]["moment"][:3] == [0, 1, 2]
    assert run.channels["time"].snapshot()["x_title"] == "moment (number)"
    assert any("relu1 at moment 15" in note for note in run.result.notes)
    assert "similarity-ave" not in run.offers


def test_the_course_is_saved_as_evoked_and_as_a_table(pictures: Path, tmp_path: Path) -> None:
    trials, names = seen(pictures)
    run = finished(**settings(pictures, fif(tmp_path / "a-epo.fif", trials, names)))
    made = as_object("similarity", run.offers["similarity-ave"].make(), {})
    made.save(tmp_path / "similarity-ave.fif")
    similarity, p = mne.read_evokeds(tmp_path / "similarity-ave.fif", verbose="ERROR")
    assert similarity.ch_names == ["relu1", "relu5"]
    assert similarity.comment == "similarity (Pearson)"
    np.testing.assert_allclose(1000 * similarity.times, TIMES_MS, atol=1e-4)
    np.testing.assert_allclose(similarity.data[0], run.result.tables["time"]["relu1"], atol=1e-6)
    assert p.data.min() >= 1 / 201 - 1e-6
    made.save(tmp_path / "similarity.csv")
    assert (tmp_path / "similarity.csv").read_text().startswith("ms,")


def test_counts_that_differ_are_said_with_both_numbers(pictures: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).standard_normal((10, 5, 4)))
    with pytest.raises(ParameterError, match="10 trials of 10 events; there are 24 pictures"):
        finished(**settings(pictures, tmp_path / "a.npy", trials_match="order"))


def test_a_picture_without_trials_is_named(pictures: Path, tmp_path: Path) -> None:
    trials, names = seen(pictures)
    file = fif(tmp_path / "a-epo.fif", trials[:-2], names[:-2])
    with pytest.raises(ParameterError, match=r"2 of 24 pictures have no trial .*warm/p21"):
        finished(**settings(pictures, file))


def test_names_that_say_nothing_offer_the_order(pictures: Path, tmp_path: Path) -> None:
    trials, _ = seen(pictures)
    file = fif(tmp_path / "a-epo.fif", trials, [f"trigger {i}" for i in range(24)])
    with pytest.raises(ParameterError, match=r"No trial of .* names a picture") as caught:
        finished(**settings(pictures, file))
    assert caught.value.fix == "order"


def test_what_is_no_epochs_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a-epo.fif").write_bytes(b"nothing")
    with pytest.raises(FileProblem, match="holds no epochs"):
        read_trials(tmp_path / "a-epo.fif")
    np.save(tmp_path / "flat.npy", np.zeros((3, 4)))
    with pytest.raises(FileProblem, match="pictures × channels × moments"):
        read_trials(tmp_path / "flat.npy")
    (tmp_path / "cut.npz").write_bytes(b"PK")
    with pytest.raises(FileProblem, match="damaged"):
        read_trials(tmp_path / "cut.npz")
    with pytest.raises(FileProblem, match="does not exist"):
        read_trials(tmp_path / "gone-epo.fif")


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")  # mne's own, of the missing end
def test_a_recording_cut_short_is_said_to_be_damaged(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = fif(tmp_path / "a-epo.fif", rng.standard_normal((6, 8, 50)), list("abcdef"))
    path.write_bytes(path.read_bytes()[:3000])
    opened = read_trials(path)
    with pytest.raises(FileProblem, match="damaged"):
        averaged(opened, matched(opened, list("abcdef"), []))


def test_channel_types_are_chosen_and_several_brought_to_one_scale(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kinds = ["mag"] * 3 + ["grad"] * 4 + ["eog"]
    trials = rng.standard_normal((6, 8, 5)) * np.array([1e-13] * 3 + [1e-11] * 4 + [1e-4])[:, None]
    path = tmp_path / "a-epo.fif"
    opened = read_trials(fif(path, trials, list("abcdef"), kinds))
    match = matched(opened, list("abcdef"), [])
    everything = averaged(opened, match)
    assert everything.shape == (6, 7, 5)  # the eye is no brain
    scale = [np.sqrt((everything[:, part] ** 2).mean()) for part in (slice(3), slice(3, 7))]
    assert scale[0] == pytest.approx(scale[1], rel=1e-4)
    mag = averaged(opened, match, "mag")
    np.testing.assert_allclose(mag / mag.max(), trials[:, :3] / trials[:, :3].max(), atol=1e-5)
    with pytest.raises(ParameterError, match="4 grad, 3 mag"):
        averaged(opened, match, "eeg")


def test_trials_of_classes_and_metadata_find_their_place(tmp_path: Path) -> None:
    trials = np.random.default_rng(0).standard_normal((4, 3, 2))
    np.savez(tmp_path / "a.npz", data=trials, stimuli=np.array(["face/7", "house", "face", "rest"]))
    opened = read_trials(tmp_path / "a.npz")
    match = matched(opened, ["one", "two"], ["face", "house"])
    assert match.level == "classes"
    assert match.place.tolist() == [0, 1, 0, -1]
    means = averaged(opened, match)
    np.testing.assert_allclose(means[0] / means[1, 0, 0],
                               trials[[0, 2]].mean(0) / trials[1, 0, 0], rtol=1e-5)  # fmt: skip
    with pytest.raises(ParameterError, match="no metadata column picture"):
        matched(opened, ["one"], [], column="picture")


def test_evoked_fields_of_each_picture_are_read(tmp_path: Path) -> None:
    info = mne.create_info(["a", "b"], 100.0, "eeg", verbose="ERROR")
    made = [mne.EvokedArray(np.full((2, 3), float(i)), info, 0.0, f"p{i}") for i in range(1, 4)]
    mne.write_evokeds(tmp_path / "x-ave.fif", made, verbose="ERROR")
    opened = read_trials(tmp_path / "x-ave.fif")
    means = averaged(opened, matched(opened, ["p3.png", "p1.png", "p2.png"], []))
    np.testing.assert_allclose(means[:, 0, 0], [1, 1 / 3, 2 / 3], rtol=1e-6)


def test_a_recording_needs_its_file() -> None:
    with pytest.raises(ParameterError) as caught:
        STUDY.check(STUDY.Parameters().changed(meg="own"), "time")
    assert caught.value.field == "recording"
    assert STUDY.changes_for_file(None, Path("a-epo.fif"))["meg"] == "own"


@pytest.fixture
def forgiving() -> Iterator[None]:
    """mne drops open files of damaged recordings: they close when they are collected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.mark.usefixtures("forgiving")
@pytest.mark.parametrize("ending", [".fif", ".npz", ".npy"])
def test_a_damaged_recording_gets_a_sentence(tmp_path: Path, ending: str) -> None:
    """Cut short or overwritten anywhere: a sentence, or trials of the size that is said."""
    trials = np.random.default_rng(0).standard_normal((6, 3, 4)).astype(np.float32)
    whole = tmp_path / f"whole-epo{ending}"
    if ending == ".fif":
        fif(whole, trials, list("abcdef"))
    elif ending == ".npz":
        np.savez(whole, data=trials, stimuli=np.array(list("abcdef")))
    else:
        np.save(whole, trials)
    content, rng = whole.read_bytes(), np.random.default_rng(1)
    for number in range(24):
        broken = bytearray(content)
        place = int(rng.integers(1, len(content)))
        if number % 2:
            broken = broken[:place]
        else:
            broken[place : place + 8] = rng.bytes(8)
        path = tmp_path / f"b{number}-epo{ending}"
        path.write_bytes(bytes(broken))
        said = path.name
        try:
            opened = read_trials(path)
            means = averaged(opened, matched(opened, list("abcdef"), [], "order"))
        except (FileProblem, ParameterError) as caught:
            said = str(caught)
        else:
            assert np.isfinite(means).all()
        assert path.name in said
