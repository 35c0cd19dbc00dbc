"""``isomorph bench``: each benchmark in a process of its own, peers beside it in the same group."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from backend.core.parameters import ParameterError, unknown_name

FOLDER = Path(__file__).parents[1] / "tests" / "benchmarks"
BENCHMARKS = {
    "startup": ("startup.py",),
    "stall": ("stall.py",),
    "balanced-network": ("balanced.py",),
    "retina": ("retina.py",),
    "stimuli": ("stimuli_shapes.py", "stimuli_faces.py", "contact_sheet.py"),
    "explorer": ("stall_explorer.py",),
    "stage": ("stage.py",),
    "activations": ("activations.py",),
    "rdm": ("rdm.py",),
    "encoding": ("encoding.py",),
    "cortex": ("cortex.py",),
}
"""Name → scripts; each prints JSON rows {name, value, unit, peer, peer_value, ratio, bar, met}."""

NEEDS_DISPLAY = (
    "startup.py",
    "stall.py",
    "stall_explorer.py",
    "stage.py",
    "contact_sheet.py",
)


def bench(name: str, as_json: bool) -> int:
    """Run one benchmark or all; prints a table or JSON; 1 when a script failed."""
    if name and name not in BENCHMARKS:
        raise unknown_name(name, BENCHMARKS, "benchmark")
    if not FOLDER.is_dir():
        raise ParameterError("bench", "The benchmarks come with the source, not with this build.")
    rows: list[dict[str, Any]] = []
    failed = False
    for one in [name] if name else list(BENCHMARKS):
        print(f"isomorph: measuring {one}", file=sys.stderr, flush=True)
        for script in BENCHMARKS[one]:
            found = run_script(script)
            failed |= found is None
            rows += found or []
    if as_json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        print(table(rows))
    return int(failed)


def run_script(name: str) -> list[dict[str, Any]] | None:
    """Rows of one script; None when it failed (its words are on standard error)."""
    command = [sys.executable, str(FOLDER / name)]
    from app.cli import needs_display

    if name in NEEDS_DISPLAY and needs_display():
        if not shutil.which("xvfb-run"):
            print(f"isomorph: {name} needs a display or xvfb", file=sys.stderr)
            return None
        command = ["xvfb-run", "-a", "-s", "-screen 0 1700x1100x24", *command]
    one_thread = {f"{n}_NUM_THREADS": "1" for n in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    root = {"PYTHONPATH": str(FOLDER.parents[1])}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | one_thread | root
    )
    if done.returncode:
        return None
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a Markdown table, as the README shows them."""
    lines = ["| what | here | peer | ratio | bar | met |", "|---|---|---|---|---|---|"]
    for r in rows:
        peer = f"{r['peer']}: {shown(r['peer_value'])} {r['unit']}" if r.get("peer") else ""
        ratio = f"{r['ratio']:.1f} ×" if r.get("ratio") else ""
        met = {True: "yes", False: "no", None: ""}[r.get("met")]
        cells = (
            r["name"],
            f"{shown(r['value'])} {r['unit']}",
            peer,
            ratio,
            r.get("bar") or "",
            met,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def shown(value: float | None) -> str:
    """Three significant figures."""
    return "" if value is None else f"{value:.3g}"
