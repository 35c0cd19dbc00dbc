"""The studio's faces: sets do not depend on threads, sliders act, refused values say why."""

from __future__ import annotations

import numpy as np
import pytest

from backend.core.parameters import ParameterError
from backend.stimuli import generator as module
from backend.stimuli.faces import table
from backend.stimuli.generator import make_set
from backend.stimuli.generators.face_parameters import FaceParameters
from backend.stimuli.generators.faces import GENERATOR, random_identity

SMALL = {"side": 32, "n": 12}


@pytest.mark.parametrize("preset", [preset.name for preset in GENERATOR.presets])
def test_bytes_do_not_depend_on_threads(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = GENERATOR.parameters_of(preset).changed(**SMALL)
    one = make_set(GENERATOR, parameters)
    monkeypatch.setattr(module, "CHUNK_BYTES", 3 * 32 * 32)
    three = make_set(GENERATOR, parameters, threads=3)
    assert np.array_equal(one.images, three.images)
    assert one.table == three.table
    assert len(set(one.names)) == len(one)
    assert one.arrays["face_parameters"].shape == (len(one), 41)
    assert one.synthetic == "synthetic faces"


def test_the_form_has_every_row_of_the_table_within_four_sd() -> None:
    declared = FaceParameters.declarations()
    assert [name for name in declared if name in table.NAMES] == list(table.NAMES)
    assert all((declared[name].low, declared[name].high) == (-4, 4) for name in table.NAMES)
    groups = list(dict.fromkeys(declared[name].group for name in table.NAMES))
    assert groups == ["Head", "Eyes", "Brows", "Nose", "Mouth", "Skin and hair"]


def test_every_slider_changes_the_picture() -> None:
    """Group C's share is tried from A alone; identity's gains need a person."""
    base = FaceParameters(identity=7, gender=0.5, side=96, gender_gain=1.0)
    plain = GENERATOR.preview(base).image.astype(int)
    unchanged = []
    for name, declared in FaceParameters.declarations().items():
        if declared.change.value == "rebuild" or name == "colour":
            continue
        value = True if name == "inverted" else declared.high
        if value == getattr(base, name):
            value = 0.5
        image = GENERATOR.preview(base.changed(**{name: value})).image.astype(int)
        if np.abs(image - plain).max() < 2:
            unchanged.append(name)
    assert unchanged in ([], ["group_a"])


def test_corners_of_all_features_give_pictures() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        extremes = {name: float(rng.choice([-4.0, 4.0])) for name in table.NAMES}
        settings = {"identity_gain": 2.0, "gender_gain": 2.0, "gender": float(rng.choice([-1, 1]))}
        parameters = FaceParameters(identity=int(rng.integers(1, 99)), **settings, **extremes)
        preview = GENERATOR.preview(parameters, side=64)
        assert preview.image.shape == (64, 64)
        assert preview.image.std() > 5


def test_the_first_image_of_one_face_is_the_face_as_set() -> None:
    parameters = FaceParameters(yaw=0.3, smile=0.5, **SMALL)
    made = make_set(GENERATOR, parameters)
    assert made.row(0)["yaw"] == 0.3
    assert made.row(0)["smile"] == 0.5
    assert np.array_equal(GENERATOR.preview(parameters).image, made.images[0])
    assert len({row["azimuth"] for row in (made.row(i) for i in range(12))}) == 12


def test_random_people_come_in_blocks_of_both_genders_and_three_groups() -> None:
    parameters = GENERATOR.parameters_of("wild").changed(n=60, each=5, side=16)
    made = make_set(GENERATOR, parameters)
    assert len(set(made.table["identity"])) == 12
    assert set(made.table["group"]) == {"A", "B", "C"}
    assert set(made.table["gender"]) == {-1.0, 1.0}
    assert made.table["identity"][:5] == made.table["identity"][:1] * 5


def test_a_morph_goes_from_female_to_male() -> None:
    made = make_set(GENERATOR, GENERATOR.parameters_of("morph").changed(n=5, side=32))
    assert made.table["morph_t"] == [0, 0.25, 0.5, 0.75, 1]
    assert made.table["gender"] == [-1, -0.5, 0, 0.5, 1]
    features = made.arrays["face_parameters"]
    assert features[2] == pytest.approx((features[0] + features[4]) / 2, abs=1e-6)


def test_colour_faces_and_upside_down() -> None:
    parameters = FaceParameters(colour="colour", **SMALL, texture=0.0)
    image = make_set(GENERATOR, parameters.changed(n=1)).images[0]
    assert image.shape == (32, 32, 3)
    assert image[16, 16, 0] > image[16, 16, 2]
    turned = make_set(GENERATOR, parameters.changed(n=1, inverted=True)).images[0]
    assert np.array_equal(turned, image[::-1])


def test_no_group_at_all_is_refused() -> None:
    with pytest.raises(ParameterError, match="All three group shares are 0") as refused:
        GENERATOR.check(FaceParameters(group_a=0.0))
    assert refused.value.fix == 1.0


def test_random_gives_another_person_each_time_and_resets_features() -> None:
    start = FaceParameters(head_w=2.0, side=64)
    rng = np.random.default_rng(0)
    first, second = random_identity(start, rng), random_identity(start, rng)
    assert first.identity != second.identity
    assert first.head_w == 0.0
    assert first.side == 64


def test_the_preview_shows_what_the_face_is_made_of() -> None:
    preview = GENERATOR.preview(FaceParameters(side=256), side=128)
    assert preview.image.shape == (128, 128)
    assert [caption for caption, _ in preview.ingredients] == ["reflectance", "depth"]
    assert [caption for caption, _ in preview.strip] == [
        "neutral", "smile", "open", "brows", "closed",
    ]  # fmt: skip
    assert "synthetic" in GENERATOR.methods(FaceParameters())
