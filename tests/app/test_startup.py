"""What the first window may load: nothing that takes long."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = (
    "torch", "brian2", "mne", "sklearn", "scipy.stats", "nilearn", "numba", "matplotlib", "skimage",
)  # fmt: skip
CODE = """
import sys
from app.main import application, make_window
app = application()
window = make_window()
window.show()
window.show_panel("simulate")
window.show_panel("runs")
app.processEvents()
window.close()
print(" ".join(sys.modules))
"""


def test_no_heavy_package_is_loaded_to_open_the_window(fresh_home: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not [name for name in HEAVY if name in loaded]
