"""Sets go to files and come back bit by bit; damaged files get a sentence."""

from __future__ import annotations

import errno
import json
import math
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.files import FileProblem
from backend.stimuli import set_files
from backend.stimuli.generator import make_set
from backend.stimuli.generators import find, ids
from backend.stimuli.set_store import SetStore
from backend.stimuli.stimulus_set import StimulusSet

FORMATS = ("set", "set.npz", "set.stim.csv")


def example(dtype: str = "uint8", colour: bool = False, n: int = 5) -> StimulusSet:
    rng = np.random.default_rng(3)
    shape = (n, 12, 17, 3) if colour else (n, 12, 17)
    images: np.ndarray = rng.integers(0, 256, shape).astype(np.uint8)
    if dtype == "float32":
        images = rng.random(shape, np.float32)
    return StimulusSet(
        name="Bilder ä 漢",
        provenance={"made": "2026-01-01T00:00:00", "software": "Isomorph"},
        images=images,
        table={
            "name": [f"bild/{'äÄ'[i % 2]} {i}" for i in range(n)],
            "class": ["disk", "ring, big", "tab\there", "line\nend", "n/a"][:n],
            "holes": list(range(n)),
            "ink": [0.1, math.pi, 1e-300, -0.0, 5.0][:n],
            "good": [True, False, True, True, False][:n],
            "mixed": [1, "a", None, 2.5, True][:n],
        },
        generator={"id": "shapes", "parameters": {"n": n, "seed": 3}},
        arrays={"weights/all": rng.random((n, 4)), "ids": np.arange(n, dtype=np.int16)},
        synthetic="synthetic shapes",
        history=("Cropped to 12 × 17 px.", "Sorted by ink."),
    )


def assert_same(one: StimulusSet, two: StimulusSet) -> None:
    assert two.images.dtype == one.images.dtype
    assert np.array_equal(one.images, two.images)
    assert list(one.table) == list(two.table)
    for column, values in one.table.items():
        assert repr(two.table[column]) == repr(values), column
    assert (one.name, one.generator, one.synthetic) == (two.name, two.generator, two.synthetic)
    assert (one.history, one.provenance) == (two.history, two.provenance)
    assert list(one.arrays) == list(two.arrays)
    for key, array in one.arrays.items():
        assert array.dtype == two.arrays[key].dtype
        assert np.array_equal(array, two.arrays[key])


@pytest.mark.parametrize("file", FORMATS)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("colour", [False, True])
def test_nothing_is_lost(tmp_path: Path, file: str, dtype: str, colour: bool) -> None:
    made = example(dtype, colour)
    made.save(tmp_path / "Ordner ü" / file)
    assert_same(made, set_files.load(tmp_path / "Ordner ü" / file))


def test_a_store_keeps_everything_and_opens_a_memory_map() -> None:
    store, made = SetStore(), example("float32", True)
    stored = store.save(made)
    opened = store.load(store.records()[0])
    assert_same(made, opened)
    assert isinstance(opened.images, np.memmap)
    assert not opened.images.flags.writeable
    assert stored.size == "5 images · 17 × 12 px"
    picture = stored.picture()
    assert picture is not None
    assert picture.shape == (12, 17, 3)


values = st.one_of(
    st.lists(st.text(max_size=8), min_size=3, max_size=3),
    st.lists(st.integers(-(2**70), 2**70), min_size=3, max_size=3),
    st.lists(st.floats(), min_size=3, max_size=3),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.lists(st.one_of(st.none(), st.text(max_size=4), st.integers(), st.floats(allow_nan=False)),
             min_size=3, max_size=3),
)  # fmt: skip
columns = st.dictionaries(st.text(min_size=1, max_size=8).filter(lambda k: k != "name"), values,
                          max_size=4)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(columns=columns, names=st.lists(st.text(max_size=9), min_size=3, max_size=3, unique=True))
def test_any_table_survives_every_format(
    tmp_path: Path, columns: dict[str, list[Any]], names: list[str]
) -> None:
    images = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2)
    made = StimulusSet(name="x", images=images, table={"name": names, **columns})
    for file in FORMATS:
        made.save(tmp_path / file)
        back = set_files.load(tmp_path / file)
        assert repr(back.table) == repr(made.table)
        assert np.array_equal(back.images, made.images)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_bytes_are_refused_or_read_whole(tmp_path: Path, seed: int) -> None:
    """Cut and scramble every file of every format: a set comes back, or a sentence."""
    dice = random.Random(seed)
    for file in FORMATS:
        example().save(tmp_path / file)
    originals = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for path, content in originals.items():
        broken = bytearray(content)
        if dice.random() < 0.4:
            broken = broken[: dice.randrange(len(broken) + 1)]
        else:
            for _ in range(dice.randrange(1, 20)):
                broken[dice.randrange(len(broken))] = dice.randrange(256)
        path.write_bytes(broken)
        for file in FORMATS:
            told = ""
            try:
                back = set_files.load(tmp_path / file)
            except FileProblem as problem:
                told = str(problem)
            assert 0 < len(told.split()) <= 40 or len(back) == len(back.names)
        path.write_bytes(content)


def edited(path: Path, **values: Any) -> None:
    document = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps(document), encoding="utf-8")


def test_wrong_shapes_and_foreign_files_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    example().save(folder)
    edited(folder / "set.json", shape=[5, 16384, 16384])
    with pytest.raises(FileProblem, match=r"is 17 × 12 px L; the set has 16384 × 16384"):
        set_files.load(folder)
    edited(folder / "set.json", shape=[10**9, 12, 17])
    with pytest.raises(FileProblem, match="5 rows for 1000000000 images"):
        set_files.load(folder)
    edited(folder / "set.json", format=99)
    with pytest.raises(FileProblem, match="newer Isomorph"):
        set_files.load(folder)
    with pytest.raises(FileProblem, match="does not exist"):
        set_files.load(tmp_path / "none")
    (tmp_path / "plain").mkdir()
    with pytest.raises(FileProblem, match="Import its pictures"):
        set_files.load(tmp_path / "plain")


def test_nan_and_missing_pictures_are_told(tmp_path: Path) -> None:
    made = example("float32")
    made.images[2, 3, 4] = np.nan
    made.save(tmp_path / "set.npz")
    with pytest.raises(FileProblem, match="not numbers"):
        set_files.load(tmp_path / "set.npz")
    example().save(tmp_path / "set")
    next((tmp_path / "set" / "images").iterdir()).unlink()
    with pytest.raises(FileProblem, match="is missing from the set"):
        set_files.load(tmp_path / "set")


def test_an_npz_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    example().save(tmp_path / "set.npz")
    with zipfile.ZipFile(tmp_path / "set.npz") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["images.npy"] = parts["images.npy"].replace(b"(5, 12, 17)", b"(5, 12, 99)")
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(FileProblem, match="damaged"):
        set_files.load(tmp_path / "set.npz")


@pytest.mark.parametrize("file", FORMATS)
def test_a_full_disk_leaves_the_old_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    made = example()
    made.save(tmp_path / file)
    before = sorted(str(path) for path in tmp_path.rglob("*"))

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    changed = made.select([0], "Took one.")
    with pytest.raises(FileProblem, match="The disk is full"):
        changed.save(tmp_path / file)
    monkeypatch.undo()
    assert_same(made, set_files.load(tmp_path / file))
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    for file in FORMATS:
        with pytest.raises(FileProblem, match="read-only"):
            example().save(tmp_path / file)
    tmp_path.chmod(0o755)


def test_other_files_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.tex").write_text("text")
    with pytest.raises(FileProblem, match="holds other files"):
        example().save(tmp_path / "work")
    with pytest.raises(FileProblem, match="none of these"):
        example().save(tmp_path / "work.csv")
    assert (tmp_path / "work" / "thesis.tex").read_text() == "text"


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def cancel(done: int, total: int) -> None:
        raise Stop

    for file in FORMATS:
        with pytest.raises(Stop):
            set_files.save(example(), tmp_path / file, cancel)
    assert list(tmp_path.iterdir()) == []


def test_dnnbrain_reads_the_list(tmp_path: Path) -> None:
    """The steps of DNNBrain's StimulusFile.read: split at = and commas, int labels, floats."""
    example().save(tmp_path / "set.stim.csv")
    lines = (tmp_path / "set.stim.csv").read_text(encoding="utf-8").splitlines()
    start = [line.startswith("data=") for line in lines].index(True)
    header = dict(line.split("=", 1) for line in lines[:start])
    assert header["type"] == "image"
    keys = lines[start].split("=")[1].split(",")
    table = dict(zip(keys, zip(*(line.split(",") for line in lines[start + 1 :]), strict=True),
                     strict=True))  # fmt: skip
    assert [int(label) for label in table["label"]] == [0, 3, 4, 1, 2]
    assert table["condition"][1] == "ring_big"
    assert [float(value) for value in table["holes"]] == [0, 1, 2, 3, 4]
    assert "mixed" not in table
    assert all((tmp_path / header["path"] / stem).is_file() for stem in table["stimID"])


def test_a_list_edited_by_hand_selects_and_a_foreign_one_opens(tmp_path: Path) -> None:
    example().save(tmp_path / "set.stim.csv")
    lines = (tmp_path / "set.stim.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "set.stim.csv").write_text("\n".join([*lines[:4], lines[6], lines[4]]))
    some = set_files.load(tmp_path / "set.stim.csv")
    assert some.table["holes"] == [2, 0]
    assert "Took 2 images" in some.history[-1]
    shutil.copytree(tmp_path / "set.stim" / "images", tmp_path / "pics")
    text = "\n".join(lines).replace("path=set.stim/images", "path=/elsewhere/pics")
    (tmp_path / "foreign.stim.csv").write_text(text)
    foreign = set_files.load(tmp_path / "foreign.stim.csv")
    assert np.array_equal(foreign.images, example().images)
    assert foreign.table["label"] == [0, 3, 4, 1, 2]


def test_a_store_lists_renames_trashes_and_edits() -> None:
    store = SetStore()
    first, second = store.save(example()), store.save(example(n=2))
    assert {one.id for one in store.records()} == {first.id, second.id}
    second = store.rename(second, "  Zwei ")
    assert store.load(second).name == "Zwei"
    opened = store.load(second)
    opened.table["rating"] = ["a", "b"]
    second = store.replace_table(second, opened)
    assert store.load(second).table["rating"] == ["a", "b"]
    assert len(list(second.path.glob("set*.tsv"))) == 1
    store.delete(second)
    assert [one.id for one in store.records()] == [first.id]
    store.restore(second)
    assert len(store.records()) == 2
    store.delete(second)
    store.empty_trash()
    assert [one.id for one in store.records()] == [first.id]
    with pytest.raises(FileProblem, match="needs a name"):
        store.rename(first, " ")


def test_an_edited_cell_does_not_write_the_arrays_again() -> None:
    store = SetStore()
    stored = store.save(example())
    opened = store.load(stored)
    before = {path: path.stat().st_ino for path in stored.path.glob("*/*.npy")}
    opened.table["holes"] = [9] * 5
    stored = store.replace_table(stored, opened)
    assert {path: path.stat().st_ino for path in stored.path.glob("*/*.npy")} == before
    fewer = store.load(stored)
    fewer.arrays["ids"] = fewer.arrays["ids"][::-1]
    stored = store.replace_table(stored, fewer)
    with pytest.raises(FileProblem, match="has other images now"):
        store.replace_table(stored, store.load(stored).select([4, 3, 2, 1, 0], "Turned."))
    assert store.load(stored).arrays["ids"].tolist() == [4, 3, 2, 1, 0]


def test_images_are_drawn_straight_into_the_store() -> None:
    store, generator = SetStore(), find("gratings")
    draft = store.draft("gratings")
    made = make_set(generator, generator.Parameters(), into=draft.into)
    assert store.records() == []
    stored = draft.keep(made)
    assert np.array_equal(store.load(stored).images, made.images)
    other = store.draft("gone")
    other.into((3, 4, 4))
    other.drop()
    assert [one.id for one in store.records()] == [stored.id]


def test_a_full_disk_is_told_before_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    store = SetStore()
    with pytest.raises(FileProblem, match="The disk is full"):
        store.save(example())
    assert store.records() == []
    assert list(store.root.iterdir()) == []


def test_a_killed_process_leaves_no_half_set() -> None:
    """A child draws into a draft and kills itself; the list is clean and the draft swept."""
    code = (
        "import os, signal, numpy as np\n"
        "from backend.stimuli.set_store import SetStore\n"
        "draft = SetStore().draft('x')\n"
        "draft.into((50, 32, 32))[:] = 7\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    store = SetStore()
    kept = store.save(example())
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == -9
    assert any(path.name.startswith(".draft-") for path in store.root.iterdir())
    assert [one.id for one in store.records()] == [kept.id]
    assert [path.name for path in store.root.iterdir()] == [kept.id]


def test_damaged_stored_sets_are_skipped_or_told() -> None:
    store = SetStore()
    one, two = store.save(example()), store.save(example())
    (one.path / "set.json").write_text("{")
    assert [stored.id for stored in store.records()] == [two.id]
    content = (two.path / "images.npy").read_bytes()
    (two.path / "images.npy").write_bytes(content[:-200])
    with pytest.raises(FileProblem, match="not a whole NPY file"):
        store.load(two)
    (two.path / "thumbnails.npy").unlink()
    assert two.picture() is None


def test_blocks_are_taken_without_a_system_call_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.stimuli.set_store import disk_array

    monkeypatch.delattr(os, "posix_fallocate")
    images = disk_array(tmp_path / "images.npy", (3, 700, 700))
    images[2] = 9
    images.flush()  # type: ignore[attr-defined]
    back = np.load(tmp_path / "images.npy")
    assert back.shape == (3, 700, 700)
    assert (back[2] == 9).all()
    assert not back[:2].any()


@pytest.mark.parametrize("name", ids())
def test_what_any_generator_makes_survives_every_format(tmp_path: Path, name: str) -> None:
    generator = find(name)
    parameters = generator.parameters_of(generator.presets[0].name).changed(n=2)
    made = make_set(generator, parameters)
    for file in FORMATS:
        made.save(tmp_path / file)
        assert_same(made, set_files.load(tmp_path / file))
    assert_same(made, SetStore().load(SetStore().save(made)))
