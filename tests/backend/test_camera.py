"""Stimuli of the camera: paths, discs, recordings, films, photographs and hostile files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.parameters import ParameterError
from backend.spiking.balanced_wiring import positions
from backend.stimuli.camera import Discs, EventStream, Film, PhotoWindow, inside_disc
from backend.stimuli.camera_files import (
    EXAMPLES,
    example_photo,
    load_events,
    load_film,
    load_packed,
    load_photo,
    pool,
)


def test_the_disc_of_the_paper_holds_22_camera_and_52_excitatory_cells() -> None:
    assert inside_disc(positions(50), 0.25, 0.5, 0.05).sum() == 22
    assert inside_disc(positions(80), 0.25, 0.5, 0.05).sum() == 52


def test_step_turns_bright_at_its_onset_for_every_dt() -> None:
    disc = Discs("step", amplitude=15.0)
    for dt in (0.05, 0.1, 0.02, 0.25):
        track = disc.track(0, round(100 / dt), dt)
        assert (track[: round(75 / dt), 0, 2] == 1.5).all()
        assert (track[round(75 / dt) :, 0, 2] == 15.0).all()


def test_flicker_has_two_thirds_of_the_printed_period() -> None:
    disc = Discs("flicker", amplitude=30.0, offset=30.0, period=300.0)
    value = disc.track(0, 4000, 0.1)[:, 0, 2]
    assert disc.flicker_period == pytest.approx(200.0)
    np.testing.assert_allclose(value[:2000], value[2000:], atol=1e-9)
    assert value.min() >= 0.0


def test_circle_runs_counter_clockwise_from_angle_zero() -> None:
    disc = Discs("circle", period=200.0)
    assert disc.place(0.0) == pytest.approx((0.75, 0.5))
    assert disc.place(50.0) == pytest.approx((0.5, 0.75))
    assert disc.inside_field()
    assert not Discs("circle", x=0.9).inside_field()


def test_line_runs_from_left_to_right() -> None:
    disc = Discs("linear", period=200.0)
    assert disc.place(0.0) == pytest.approx((0.1, 0.5))
    assert disc.place(100.0) == pytest.approx((0.5, 0.5))


def test_two_discs_cross_in_the_centre() -> None:
    track = Discs("crossing", period=200.0).track(1000, 1, 0.1)[0]
    np.testing.assert_allclose(track[:, :2], 0.5)


def test_a_drawn_path_is_walked_at_constant_speed_and_closed() -> None:
    square = np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]])
    disc = Discs("path", period=400.0, points=square)
    track = disc.track(0, 4001, 0.1)[:, 0, :2]
    speed = np.hypot(*np.diff(track, axis=0).T)
    corner_free = np.delete(speed, [999, 1999, 2999, 1000, 2000, 3000])
    assert corner_free == pytest.approx(0.6 * 4 / 4000, rel=1e-6)
    np.testing.assert_allclose(track[0], track[4000], atol=1e-9)


@given(cut=st.integers(1, 299), kind=st.sampled_from(["circle", "flicker", "linear", "crossing"]))
def test_a_track_does_not_depend_on_how_it_is_cut(cut: int, kind: str) -> None:
    disc = Discs(kind, period=37.0)
    whole = disc.track(5, 300, 0.05)
    np.testing.assert_array_equal(whole[cut:], disc.track(5 + cut, 300 - cut, 0.05))


def test_film_frames_change_on_their_step() -> None:
    film = Film(np.zeros((3, 4), np.float32), frame_ms=0.3)
    assert film.frame_numbers(0, 10, 0.1).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 0]


def test_every_event_frame_is_shown_once_however_long_the_step() -> None:
    stream = EventStream(np.zeros(8, np.int64), np.zeros(0, np.int32), frame_ms=0.05)
    for dt in (0.05, 0.1, 0.02, 0.07):
        ranges = stream.frame_ranges(0, 50, dt)
        shown = np.concatenate([np.arange(a, b) for a, b in ranges])
        np.testing.assert_array_equal(shown, np.arange(len(shown)))


def test_a_window_over_a_photograph_stays_inside_it() -> None:
    photo = example_photo("camera")
    window = PhotoWindow(photo, Discs("circle", path_radius=0.5), window=0.4)
    corners = window.corners(0, 4000, 0.05)
    assert (corners[:, :2] >= -1e-9).all()
    assert (corners[:, 0] + corners[:, 2] <= photo.shape[1] + 1e-9).all()


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_photographs_are_bundled(name: str) -> None:
    photo = example_photo(name)
    assert photo.ndim == 2
    assert 0.0 <= photo.min() < photo.max() <= 1.0


@pytest.fixture
def recording() -> np.ndarray:
    return np.random.default_rng(0).random((12, 6, 10)) < 0.2


def _as_array(stream: EventStream, side: int) -> np.ndarray:
    out = np.zeros((stream.frames, side * side), bool)
    for t in range(stream.frames):
        out[t, stream.cells[stream.pointers[t] : stream.pointers[t + 1]]] = True
    return out.reshape(-1, side, side)


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_events_from_arrays(tmp_path: Path, ending: str) -> None:
    events = np.random.default_rng(1).random((7, 10, 10)) < 0.3
    path = tmp_path / f"événements 目.{ending}"
    if ending == "npy":
        np.save(path, events)
    else:
        np.savez(path, spikes=events.astype(np.uint8))
    np.testing.assert_array_equal(_as_array(load_events(path, 10, 0.05), 10), events[:, ::-1])
    np.testing.assert_array_equal(_as_array(load_events(path, 10, 0.05, False), 10), events)


@pytest.mark.parametrize("order", ["little", "big"])
def test_bit_packed_recording(tmp_path: Path, recording: np.ndarray, order: str) -> None:
    path = tmp_path / "camera.dat"
    path.write_bytes(np.packbits(recording, axis=2, bitorder=order).tobytes())  # type: ignore[call-overload]
    np.save(tmp_path / "camera.npy", recording)
    packed = load_packed(path, 6, 10, 5, 0.05, order)  # type: ignore[arg-type]
    plain = load_events(tmp_path / "camera.npy", 5, 0.05)
    np.testing.assert_array_equal(packed.pointers, plain.pointers)
    np.testing.assert_array_equal(packed.cells, plain.cells)


def test_wrong_size_of_a_packed_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "torn.dat"
    path.write_bytes(b"\x01" * 25)
    with pytest.raises(ParameterError, match=r"2\.08 frames of 6 × 10"):
        load_packed(path, 6, 10, 5, 0.05)
    (tmp_path / "empty.dat").touch()
    with pytest.raises(ParameterError, match=r"0\.00 frames"):
        load_packed(tmp_path / "empty.dat", 6, 10, 5, 0.05)


def test_film_is_averaged_and_scaled(tmp_path: Path) -> None:
    path = tmp_path / "film.npy"
    np.save(path, np.full((3, 40, 60), 51, np.uint8))
    film = load_film(path, 20, 16.7, 10.0)
    assert film.frames == pytest.approx(0.2, abs=1e-6)
    assert pool(np.arange(16.0).reshape(4, 4), 2, top_first=False).tolist() == [
        [2.5, 4.5],
        [10.5, 12.5],
    ]


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (np.full((2, 4, 4), np.nan), "not numbers"),
        (np.zeros((2, 4)), "Three dimensions"),
        (np.zeros((0, 4, 4)), "empty"),
        (np.full((2, 4, 4), 7.0), "other than 0 and 1"),
        (np.array([["a"]]), "shape|numbers"),
        (np.zeros((2, 4, 4), complex), "complex"),
    ],
)
def test_bad_arrays_get_a_sentence(tmp_path: Path, made: np.ndarray, word: str) -> None:
    path = tmp_path / "bad.npy"
    np.save(path, made)
    with pytest.raises(ParameterError, match=word) as caught:
        load_events(path, 10, 0.05)
    assert len(caught.value.sentence.split()) <= 40
    assert caught.value.field == "stimulus_file"


def test_a_huge_header_is_refused_without_allocating(tmp_path: Path) -> None:
    path = tmp_path / "huge.npy"
    header = np.lib.format.header_data_from_array_1_0(np.zeros(1, np.uint8))
    header["shape"] = (10**6, 10**4, 10**4)
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, header)
    path.write_bytes(file.getvalue() + b"\0" * 100)
    with pytest.raises(ParameterError):
        load_events(path, 10, 0.05)


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "objects.npy"
    np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(ParameterError, match="objects"):
        load_events(path, 10, 0.05)


def refusal(load: Callable[[Path], object], path: Path) -> str | None:
    """The sentence a file is refused with, or None when it is taken."""
    try:
        load(path)
    except ParameterError as error:
        return error.sentence
    return None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(junk=st.binary(max_size=400), keep=st.integers(0, 200))
def test_junk_and_truncated_files_raise_only_sentences(
    tmp_path: Path, junk: bytes, keep: int
) -> None:
    whole = io.BytesIO()
    np.save(whole, np.zeros((2, 3, 4), np.uint8))
    for content in (junk, whole.getvalue()[:keep] + junk, b"PK\x03\x04" + junk):
        for load in (
            lambda path: load_events(path, 10, 0.05),
            lambda path: load_film(path, 10, 1.0, 1.0),
            lambda path: load_packed(path, 3, 9, 10, 0.05),
            load_photo,
        ):
            for name in ("a.npy", "b.npz", "c.png"):
                path = tmp_path / name
                path.write_bytes(content)
                sentence = refusal(load, path)
                assert sentence is None or 0 < len(sentence.split()) <= 40


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for load in (lambda p: load_events(p, 5, 1.0), lambda p: load_packed(p, 4, 4, 5, 1.0)):
        with pytest.raises(ParameterError, match="not there"):
            load(tmp_path / "gone.npy")
        with pytest.raises(ParameterError):
            load(tmp_path)
    with pytest.raises(ParameterError, match="not there"):
        load_photo(tmp_path / "gone.png")
