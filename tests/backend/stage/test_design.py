"""Designs: saved, loaded, edited by copies, and refused in words."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_tools import choice_design, stream_design

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stage import design as designs
from backend.stage.design import AnswerKey, Block, Deal, Design, Phase
from backend.stage.templates import TEMPLATES, template


@pytest.mark.parametrize("identifier", list(TEMPLATES))
def test_a_template_comes_back_from_disk_as_it_was(identifier: str, tmp_path: Path) -> None:
    design = template(identifier)
    design.save(tmp_path / "design.json")
    assert designs.load(tmp_path / "design.json") == design


def test_the_trial_table_lies_beside_the_design(tmp_path: Path) -> None:
    choice_design(2).save(tmp_path / "mine.json")
    lines = (tmp_path / "mine.tsv").read_text().splitlines()
    assert lines == ["block\tstimulus\tcorrect", "choices\tsquares:0\tleft",
                     "choices\tsquares:1\tright"]  # fmt: skip


def test_an_edit_makes_a_copy_and_leaves_the_old_one_for_undo() -> None:
    old = choice_design()
    new = dataclasses.replace(old, background=90)
    assert (old.background, new.background) == (128, 90)
    with pytest.raises(pydantic.ValidationError):
        dataclasses.replace(old, background=300)


def document(**changes: Any) -> dict[str, Any]:
    return json.loads(json.dumps({**choice_design().document(), **changes}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not whole JSON"),
        ('{"isomorph": "design"', "not whole JSON"),
        ("[1, 2]", "not a design"),
        ('{"isomorph": "session"}', "not a design"),
        ('{"isomorph": "design"}', "no format number"),
        (json.dumps(document(format=99)), "newer Isomorph"),
        (json.dumps(document(task="face gender")), 'task ("face gender")'),
        (json.dumps(document(blocks=[{"name": "b", "repeats": 0}])), "blocks 1 repeats"),
        (json.dumps(document(surprise=1)), "surprise"),
    ],
)
def test_a_hostile_file_gets_a_sentence(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "größe.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileProblem) as caught:
        designs.load(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith("größe.json")


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(document())), JUNK)
def test_any_junk_in_any_field_is_refused_in_words_or_fits(field: str, junk: Any) -> None:
    try:
        found = designs.from_document(document(**{field: junk}))
    except FileProblem:
        return
    assert isinstance(found, Design)


def changed(**changes: Any) -> Design:
    return dataclasses.replace(choice_design(), **changes)


def row(**values: Any) -> Block:
    return Block("odd", "choice", ({"stimulus": "squares:0", **values},))


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (changed(blocks=()), "no blocks"),
        (changed(blocks=(Block("empty", "choice"),)), 'Block "empty" has no trials'),
        (changed(blocks=(row(stimulus="squares:6"),)), "has images 0 to 5; 6 was asked for"),
        (changed(blocks=(row(stimulus="faces:0"),)), 'no stimuli "faces"'),
        (changed(blocks=(row(stimulus="a picture"),)), "is not a stimulus"),
        (changed(blocks=(Block("odd", "choice", ({"correct": "left"},)),)), 'no column "stimulus"'),
        (changed(blocks=(row(kind="unknown"),)), 'no trial kind "unknown"'),
        (changed(blocks=choice_design().blocks * 2), 'two of block "choices"'),
        (changed(keys=()), "waits for an answer, but there are no answer keys"),
        (changed(keys=(AnswerKey("escape", "left"),)), '"escape" ends the experiment'),
        (changed(keys=(AnswerKey("f", "left", "mouse"),)), '"f" is not on a mouse'),
        (changed(keys=(AnswerKey("left button", "left"),)), "is not on a keyboard"),
        (changed(blocks=(row(correct="lft"),)), 'Block "odd", trial 1: no answer key means "lft"'),
        (changed(blocks=(row(correct="n/a"),)), 'no answer key means "n/a"'),
    ],
)
def test_what_cannot_run_is_refused_with_its_place(design: Design, words: str) -> None:
    with pytest.raises(ParameterError) as caught:
        designs.check(design)
    assert words in caught.value.sentence
    assert len(caught.value.sentence.split()) <= 40


def test_a_key_is_found_however_it_was_typed() -> None:
    assert AnswerKey(" F ", "left").key == "f"
    assert AnswerKey("Left Button", "left", "mouse").key == "left button"
    for nothing in ("", " "):
        with pytest.raises(pydantic.ValidationError):
            AnswerKey(nothing, "left")


@pytest.mark.parametrize("right", ["left", "none", ""])
def test_a_key_can_be_right_or_silence_or_nothing(right: str) -> None:
    designs.check(changed(blocks=(row(correct=right),)))


def test_where_nothing_is_asked_any_word_may_stand_as_right() -> None:
    kind = dataclasses.replace(choice_design().trial_kinds[0], phases=(Phase("look", ms=200),))
    designs.check(changed(trial_kinds=(kind,), blocks=(row(correct="old"),), keys=()))


def test_a_deal_that_does_not_fit_says_what_would() -> None:
    design = stream_design(streams=2)
    far = dataclasses.replace(design.blocks[0], deal=Deal("target", "non-target", 2, distance=40))
    with pytest.raises(ParameterError, match="Use a distance of 33 or less") as caught:
        designs.check(dataclasses.replace(design, blocks=(far,)))
    assert caught.value.fix == 33
    many = dataclasses.replace(design.blocks[0], deal=Deal("target", "non-target", 3))
    with pytest.raises(ParameterError, match=r'"target" has 8 pictures; search deals 12'):
        designs.check(dataclasses.replace(design, blocks=(many,)))


def test_a_phase_of_no_time_is_refused() -> None:
    kind = dataclasses.replace(choice_design().trial_kinds[0], phases=(Phase("x", ms=0),))
    with pytest.raises(ParameterError, match='"x" lasts 0 ms'):
        designs.check(changed(trial_kinds=(kind,)))
