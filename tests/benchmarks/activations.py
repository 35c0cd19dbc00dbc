"""All ReLU layers of AlexNet and ResNet-18, 512 pictures of 224 px: ours, bare hooks, thingsvision.

Run with ``python tests/benchmarks/activations.py``; prints JSON rows {name, value, unit, peer,
peer_value, ratio, bar, met}. Each measurement has a process of its own, one thread, random weights,
batches of 32 and the same preparation of the same bytes; all are taken by turns, three times.
Memory is the largest resident set beyond that of the loaded network. thingsvision is measured where
it can be imported; of a module that is called twice it keeps the second call only.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

NETWORKS = ("alexnet", "resnet18")
PICTURES, MANY, BATCH, REPEATS = 512, 2048, 32, 3
LEAST = 0.9
Row = dict[str, Any]


class Noise:
    """Pictures that are drawn when their slice is asked for, so that they take no memory."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.block = np.random.default_rng(0).integers(0, 256, (BATCH, 224, 224, 3), np.uint8)

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, rows: slice) -> np.ndarray:
        return np.roll(self.block[: rows.stop - rows.start], rows.start, axis=2)


def ours(network: Any, names: list[str], images: Noise) -> int:
    """Pictures whose activations were handed out as arrays."""
    from backend.networks.scan import stream

    return sum(rows.stop - rows.start for rows, _ in stream(network, images, names, BATCH))


def hooks(network: Any, names: list[str], images: Noise) -> int:
    """The floor: a hook that clones on each module, and a pass to the end."""
    import torch

    kept: dict[str, list[Any]] = {}
    for path in dict.fromkeys(name.partition("#")[0] for name in names):
        kept[path] = []
        network.module.get_submodule(path).register_forward_hook(
            lambda _module, _inputs, output, path=path: kept[path].append(output.clone())
        )
    done = 0
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            for values in kept.values():
                values.clear()
            network.module(network.preprocessing.prepare(images[start : start + BATCH]))
            arrays = [value.numpy() for values in kept.values() for value in values]
            assert len(arrays) == len(names)
            done += BATCH
    return done


def thingsvision(network: Any, names: list[str], images: Noise) -> int:
    from thingsvision.core.extraction.torch import PyTorchExtractor

    class Extractor(PyTorchExtractor):
        def show_model(self) -> str:
            return ""

    paths = list(dict.fromkeys(name.partition("#")[0] for name in names))
    extractor = Extractor(network.name, False, "cpu", model=network.module, preprocess=None)
    done = 0
    with extractor.batch_extraction(module_names=paths, output_type="ndarray") as reader:
        for start in range(0, len(images), BATCH):
            inputs = network.preprocessing.prepare(images[start : start + BATCH])
            done += len(reader.extract_batch(inputs, flatten_acts=False)[paths[0]])
    return done


WAYS: dict[str, Callable[[Any, list[str], Noise], int]] = {
    "ours": ours, "bare hooks": hooks, "thingsvision": thingsvision,
}  # fmt: skip


def child(name: str, way: str, n: int) -> dict[str, float]:
    """Pictures a second, and megabytes beyond the loaded network, of one way."""
    import torch

    from backend.networks import zoo
    from backend.networks.layers import relu_layers

    torch.set_num_threads(1)
    network = zoo.build(name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    names = [layer.name for layer in relu_layers(network)]
    WAYS[way](network, names, Noise(BATCH))
    began = time.perf_counter()
    assert WAYS[way](network, names, Noise(n)) == n
    rate = n / (time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batch = BATCH * 4 * sum(layer.units for layer in relu_layers(network)) / 2**20
    return {"rate": rate, "before": before / 1024, "peak": peak / 1024, "batch": batch}


def measured(name: str, way: str, n: int) -> dict[str, float] | None:
    """The same in a process of its own; None when the peer cannot be imported."""
    command = [sys.executable, __file__, name, way, str(n)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode:
        return None
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows_of(name: str) -> list[Row]:
    """Rates against both peers, by turns, and memory."""
    turns = [{way: measured(name, way, PICTURES) for way in WAYS} for _ in range(REPEATS)]
    rows = []
    rate = statistics.median(turn["ours"]["rate"] for turn in turns if turn["ours"])
    for peer, least in (("bare hooks", LEAST), ("thingsvision", 1.0)):
        rates = [turn[peer]["rate"] for turn in turns if (turn[peer])]  # type: ignore[index]
        value = statistics.median(rates) if rates else None
        ratio = rate / value if value else None
        rows.append({
            "name": f"all ReLU layers of {name}, {PICTURES} pictures of 224 px", "value": rate,
            "unit": "pictures/s", "peer": peer if value else f"no {peer} here",
            "peer_value": value, "ratio": ratio, "bar": f">= {least:g} x",
            "met": None if ratio is None else ratio >= least,
        })  # fmt: skip
    few, many = (measured(name, "ours", n) for n in (PICTURES, MANY))
    if few and many:
        allowed = 2 * few["batch"] + 300
        grown = few["peak"] - few["before"]
        rows.append(plain(f"peak memory of that beyond the network, {name}", grown, "MB",
                          f"<= {allowed:.0f} MB", grown <= allowed))  # fmt: skip
        more = many["peak"] - few["peak"]
        rows.append(plain(f"more of it with {MANY} pictures, {name}", more, "MB", "<= 100 MB",
                          more <= 100))  # fmt: skip
    return rows


def plain(name: str, value: float, unit: str, bar: str, met: bool) -> Row:
    return {"name": name, "value": value, "unit": unit, "peer": "", "peer_value": None,
            "ratio": None, "bar": bar, "met": met}  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(child(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
    else:
        print(json.dumps([row for name in NETWORKS for row in rows_of(name)]))
