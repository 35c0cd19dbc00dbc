"""Files: whole or not at all, and a sentence when they cannot be."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backend.core.files import (
    FileProblem,
    array_of_text,
    plain,
    read_json,
    replacing,
    text_of_array,
    write_json,
    write_sentence,
)
from backend.core.objects import ArrayObject, SpikeTrains, Table, as_object


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError), replacing(path, "w") as file:
        file.write(5)
    assert read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


def test_a_file_where_a_folder_is_needed_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileProblem, match="where a folder is needed"):
        write_json(tmp_path / "file" / "x.json", {})


def test_a_full_disk_is_said_in_words() -> None:
    problem = OSError(errno.ENOSPC, "No space left on device")
    assert "The disk is full" in write_sentence(Path("out.json"), problem)
    assert "out.json" in write_sentence(Path("out.json"), problem)


def test_json_keeps_numbers_and_turns_nan_into_null(tmp_path: Path) -> None:
    path = tmp_path / "ünï.json"
    write_json(path, {"a": np.float64(1.5), "b": np.array([1, 2]), "c": float("nan"), "d": path})
    assert read_json(path) == {"a": 1.5, "b": [1, 2], "c": None, "d": str(path)}
    assert plain({1: (2, {3})}) == {"1": [2, [3]]}


@given(hnp.arrays(st.sampled_from([np.uint8, np.int16]), hnp.array_shapes(max_dims=2, max_side=9)))
def test_a_drawing_survives_as_text(array: np.ndarray) -> None:
    again = array_of_text(text_of_array(array))
    assert again.dtype == array.dtype
    np.testing.assert_array_equal(again, array)


@given(
    st.text(max_size=60)
    | st.binary(max_size=40).map(lambda b: '{"shape": [2], "dtype": "|u1"}' + b.hex())
)
def test_damaged_drawings_are_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="damaged"):
        array_of_text(text)


def test_a_drawing_cannot_unpack_into_all_memory() -> None:
    bomb = text_of_array(np.zeros(1 << 20, np.uint8))
    with pytest.raises(ValueError, match="damaged"):
        array_of_text(bomb, largest=1000)


def test_spike_trains_round_trip_and_foreign_files_are_refused(tmp_path: Path) -> None:
    spikes = SpikeTrains(
        layers={
            "E": (np.array([0, 3]), np.array([0.1, 0.2])),
            "I": (np.array([1]), np.array([5.0])),
        },
        sizes={"E": 4, "I": 2},
        extra={"E": {"row": np.array([1, 2])}},
        provenance={"seed": 1},
    )
    spikes.save(tmp_path / "s.npz")
    again = SpikeTrains.load(tmp_path / "s.npz")
    assert again.sizes == spikes.sizes
    np.testing.assert_array_equal(again.layers["E"][1], spikes.layers["E"][1])
    assert json.loads((tmp_path / "s.npz.json").read_text())["provenance"] == {"seed": 1}
    spikes.save(tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text().splitlines()[:2] == [
        "layer,index,t_ms,row",
        "E,0,0.1,1",
    ]
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(FileProblem, match="holds no spike trains"):
        SpikeTrains.load(tmp_path / "bad.npz")
    with pytest.raises(FileProblem, match="saved as npz, csv, nwb"):
        spikes.save(tmp_path / "s.xlsx")


def test_tables_and_maps_are_saved_in_the_fields_formats(tmp_path: Path) -> None:
    Table(columns={"a": [1, 2], "b": [0.5, float("nan")]}).save(tmp_path / "t.tsv")
    assert (tmp_path / "t.tsv").read_text() == "a\tb\n1\t0.5\n2\tn/a\n"
    film = ArrayObject(array=np.arange(24.0).reshape(2, 3, 4), limits=(0, 23))
    film.save(tmp_path / "film.png")
    assert sorted(p.name for p in tmp_path.glob("film*.png")) == ["film_0000.png", "film_0001.png"]
    film.save(tmp_path / "film.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "film.npy"), film.array)
    assert as_object("x", {"a": [1]}, {}).kind == "Table"
