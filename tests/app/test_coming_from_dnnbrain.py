"""The page for people who come from DNNBrain: every line on it runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from app.cli import main
from app.dnnbrain_commands import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-dnnbrain.md"


@pytest.mark.slow
def test_every_line_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for kind, block in blocks:
        if kind == "python":
            exec(block, {})
            continue
        for line in block.splitlines():
            typed(line)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = re.findall(r"`(isomorph (?:dnn|db|brain)-[a-z-]+ [^`]*)`", prose)
    run = {typed(line) for line in lines if not line.endswith(("-h", "..."))}
    assert run == set(COMMANDS)


def typed(line: str) -> str:
    """Run a line; gives its command."""
    words = shlex.split(line)[1:]
    with pytest.raises(SystemExit) as left:
        main(words)
    assert not left.value.code, line
    return words[0]
