"""Masks of layers: typed, opened, combined, and what is said when they cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backend.analysis.dnnbrain_files import Mask, read_masks, write_masks
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.networks.act_edit import scan_masked
from backend.networks.act_file import load
from backend.networks.layer_masks import (
    read_for,
    text_of,
    typed,
    usable,
    with_channels,
    with_places,
    words,
)
from backend.networks.mini import mini_alexnet
from backend.networks.scan import scan

SHAPE = (48, 8, 8)


def test_numbers_are_typed_as_they_are_shown() -> None:
    mask = typed("relu2", SHAPE, ("1-3, 8, 10-11", "", "3\u20135"))
    assert mask == Mask((0, 1, 2, 7, 9, 10), None, (2, 3, 4))
    assert text_of(mask.channels) == "1-3, 8, 10-11"
    assert words(mask, SHAPE) == "6 of 48 channels, columns 3-5 of 8"
    assert typed("relu2", SHAPE, ("1-48", "1-8", "")) == Mask()


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (("49", "", ""), "relu2 has 48 channels, numbered 1 to 48; 49 was asked."),
        (("0", "", ""), "Channels are numbered from 1; 0 was asked."),
        (("5-3", "", ""), "5-3 runs backwards. Type 3-5."),
        (("", "2, x", ""), 'Rows are numbers and spans such as 1-5, 8; "x" is none.'),
    ],
)
def test_a_number_that_is_not_there_is_said(texts: tuple[str, str, str], sentence: str) -> None:
    with pytest.raises(ParameterError) as said:
        typed("relu2", SHAPE, texts)
    assert said.value.sentence == sentence


def test_channels_go_out_and_come_in_again() -> None:
    out = with_channels(Mask(), (0, 4), False, SHAPE)
    assert out.channels is not None
    assert len(out.channels) == 46
    assert with_channels(out, (0, 4), True, SHAPE) == Mask()
    assert with_places(out, (5, 2), (0, 7), SHAPE) == Mask(out.channels, (2, 3, 4, 5), None)
    with pytest.raises(ParameterError, match="leaves no channel of relu2"):
        usable("relu2", with_channels(Mask(), range(48), False, SHAPE))


def test_a_file_with_dnnbrains_names_is_read_and_checked(tmp_path: Path) -> None:
    network = mini_alexnet("A")
    file = tmp_path / "mine.dmask.csv"
    file.write_text("conv2_relu=chn,row\n3,1\n2\n")
    masks = read_for(file, network)
    assert masks == {"relu2": Mask((0, 2), (1,), None)}
    write_masks(file, masks)
    assert read_masks(file) == masks
    file.write_text("relu2=chn\n3,49\n")
    with pytest.raises(FileProblem, match=r"line 2: channel 49 .* this layer has 48"):
        read_for(file, network)
    file.write_text("relu9=chn\n3\n")
    with pytest.raises(ParameterError, match="relu"):
        read_for(file, network)


def test_a_masked_scan_is_the_part_of_the_whole_one(tmp_path: Path) -> None:
    network = mini_alexnet("A")
    pictures = np.random.default_rng(0).random((6, 32, 32, 3)).astype(np.float32)
    mask = Mask((1, 7), (0, 3, 4), None)
    whole = scan(network, pictures, ["relu2"]).read("relu2")
    scan_masked(tmp_path / "a.act.h5", network, pictures, {"relu2": mask}, precision="float16")
    part = load(tmp_path / "a.act.h5").read("relu2")
    assert part.dtype == np.float16
    np.testing.assert_allclose(part, mask.of(whole), atol=2e-3)
    assert '"rows"' in (tmp_path / "a.act.h5.json").read_text()
