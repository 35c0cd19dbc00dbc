"""Topology figures, gratings and dots: what is asked is what the pixels hold."""

import numpy as np
import pytest
from scipy import ndimage

from backend.core.parameters import ParameterError
from backend.stimuli.generator import Generator, make_set
from backend.stimuli.generators import find
from backend.stimuli.pixels import components_and_holes, ink_and_edge
from backend.stimuli.topology import make_figure

PLAIN = ("topology", "gratings", "dots")
PRESETS = [(name, preset.name) for name in PLAIN for preset in find(name).presets]


def test_counts_equal_an_independent_labelling() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        ink = rng.random((17, 23)) < rng.uniform(0.1, 0.9)
        pieces = ndimage.label(ink, np.ones((3, 3)))[1]
        holes = ndimage.label(np.pad(~ink, 1, constant_values=True))[1] - 1
        assert components_and_holes(ink) == (pieces, holes)


def test_ink_and_edge_of_a_known_square() -> None:
    image = np.full((1, 10, 10), 255, np.uint8)
    image[0, 3:7, 3:7] = 0
    ((ink, edge),) = ink_and_edge(image)
    assert ink == pytest.approx(0.16)
    assert edge == pytest.approx(2 * 8 / 90)


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_threads_and_length_do_not_change_a_picture(name: str, preset: str) -> None:
    generator = find(name)
    parameters = generator.parameters_of(preset).changed(side=96)
    few = parameters.changed(n=6)
    whole, part = make_set(generator, parameters, threads=3), make_set(generator, few)
    assert np.array_equal(whole.images[:6], part.images)
    assert [whole.row(i) for i in range(6)] == [part.row(i) for i in range(6)]
    assert len(set(whole.names)) == len(whole)


def test_topology_at_80_px_is_the_retina_studys_figure() -> None:
    generator = find("topology")
    made = make_set(generator, generator.parameters_of("all").changed(side=80))
    for index, kind in enumerate(made.table["kind"]):
        expected = np.where(make_figure(kind).mask, 0, 128)
        assert np.array_equal(made.images[index], expected), kind


def test_a_breach_opens_the_hole() -> None:
    generator = find("topology")
    made = make_set(generator, generator.parameters_of("breach"))
    assert made.table["breach"] == [6.0 * level for level in range(15)]
    assert made.table["holes"] == [1] + [0] * 14
    assert made.table["holes"] == made.table["holes_asked"]
    facts = generator.preview(generator.parameters_of("breach"), 0).facts
    assert ("Holes, asked 1", True, "1") in facts


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mode": "gap", "kind": "closed segments", "side": 80, "step": 1.0}, "(gap 14)"),
        ({"hole": 23.9, "outer": 24.0}, "ring of picture 1"),
        ({"kind": "two holes", "offset": 8.0}, "1 and 1; 1 and 2 were asked"),
        ({"kind": "solid square", "radius": 38.0, "wander": 20.0}, "does not fit"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(values: dict, words: str) -> None:
    generator = find("topology")
    parameters = generator.Parameters().changed(**values)
    if "gap" in words:
        parameters = parameters.changed(first=0.5, step=0.0)
        words = "gap 0.5"
    with pytest.raises(ParameterError, match=words.replace("(", r"\(").replace(")", r"\)")):
        make_set(generator, parameters)


def test_grating_holds_its_frequency_contrast_and_orientation() -> None:
    generator = find("gratings")
    parameters = generator.Parameters().changed(n=1, frequency=8, contrast=0.4)
    image = make_set(generator, parameters).images[0].astype(float)
    spectrum = np.abs(np.fft.fft2(image - image.mean()))
    assert np.unravel_index(spectrum.argmax(), spectrum.shape) in [(0, 8), (0, 248)]
    assert (image.max() - image.min()) / (image.max() + image.min()) == pytest.approx(0.4, abs=0.01)
    assert image[128, 128] > image.mean()


def test_rms_contrast_is_what_was_asked() -> None:
    generator = find("gratings")
    parameters = generator.Parameters().changed(n=1, wave="gabor", contrast=0.05, measure="RMS")
    image = make_set(generator, parameters).images[0].astype(float)
    assert image.std() / 255 == pytest.approx(0.05, abs=0.001)


def test_a_sine_whose_peaks_fall_between_the_pixels_is_told() -> None:
    generator = find("gratings")
    assert generator.check(generator.Parameters()) == []
    told = generator.check(generator.Parameters().changed(side=32))
    assert "0.354 can be counted, 0.5 was asked" in told[0].text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"frequency": 129.0}, "at most 64 cycles per image; 129 were asked"),
        ({"frequency": 40.0, "per": "degree"}, "at most 16 cycles per degree"),
        ({"mean": 0.8, "contrast": 0.5}, "at most 0.251 fits"),
        ({"vary": "contrast", "first": 0.5, "step": 0.1}, "reaches contrast 1.6"),
    ],
)
def test_gratings_that_pixels_cannot_carry_are_refused(values: dict, words: str) -> None:
    generator = find("gratings")
    with pytest.raises(ParameterError, match=words):
        generator.check(generator.Parameters().changed(**values))


def test_numbers_of_dots_are_counted_and_ink_can_be_equal() -> None:
    generator = find("dots")
    made = make_set(generator, generator.parameters_of("equal ink").changed(n=25))
    assert made.table["counted"] == made.table["asked"] == [12, 16, 20, 24, 28] * 5
    ink = np.array(made.table["ink"])
    assert ink.std() / ink.mean() < 0.02
    free = np.array(make_set(generator, generator.Parameters().changed(n=25)).table["ink"])
    assert free.max() / free.min() == pytest.approx(28 / 12, rel=0.05)


def test_dots_without_room_are_refused() -> None:
    generator = find("dots")
    with pytest.raises(ParameterError, match="find no room apart"):
        generator.check(generator.Parameters().changed(dots=200, radius=10.0))


def test_coherent_dots_move_together() -> None:
    from backend.stimuli.generators.dots import motion

    generator = find("dots")
    parameters = generator.parameters_of("motion").changed(coherence=30, direction=90, frames=5)
    centres, coherent = motion(parameters.model_dump_json(), 0)
    assert coherent[1:].sum(axis=1).tolist() == [30] * 4
    steps = np.diff(centres, axis=0)[coherent[1:]]
    moved_up = np.isclose(steps[:, 1], -2.56) & np.isclose(steps[:, 0], 0)
    assert moved_up.mean() > 0.9  # the rest left the field and entered on the other side
    away = np.hypot(*(centres - 127.5).reshape(-1, 2).T)
    assert away.max() < 128
    long = parameters.changed(frames=1000, n=1000, side=32, dots=5, radius=3.0)
    assert generator.draw(long, None, 998, 999).rows[0]["frame"] == 998


def test_coherent_dots_stay_evenly_spread() -> None:
    """Shares of a disc's area: half of uniform dots lie within 1 / sqrt 2 of the radius."""
    from backend.stimuli.generators.dots import motion

    generator = find("dots")
    values = {"coherence": 100, "dots": 1000, "frames": 200, "speed": 3.0, "direction": 30}
    parameters = generator.parameters_of("motion").changed(**values)
    centres, _ = motion(parameters.model_dump_json(), 0)
    away = np.hypot(*(centres[-1] - 127.5).T)
    reach = 127 - 2.56
    assert (away < reach / np.sqrt(2)).mean() == pytest.approx(0.5, abs=0.05)
    assert abs((centres[-1] - 127.5).mean()) < 6


@pytest.mark.parametrize("name", ["topology", "gratings", "dots", "shapes", "strokes", "scenes"])
def test_methods_say_how_many_and_how_large(name: str) -> None:
    generator = find(name)
    for preset in generator.presets:
        parameters = generator.parameters_of(preset.name)
        words = generator.methods(parameters)
        assert words.startswith(f"{generator.count(parameters)} images")
        assert words.endswith(".")
        assert f"{parameters.side} × {parameters.side} px" in words
        assert len(words) > len(Generator.methods(generator, parameters))
