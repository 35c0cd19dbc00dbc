"""Where sweeps are computed: workers of this machine, or a lab's Dask scheduler."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from backend.core.parameters import ParameterError

CONNECT_S = 5.0
NEEDED_MB = 700
"""Memory a worker needs for the largest studies; less is said before the first job."""
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


@dataclass(frozen=True)
class Cluster:
    """What computes: words for the window, and notices to show before the first job."""

    client: Any
    words: str
    notices: tuple[str, ...] = ()


@contextlib.contextmanager
def cluster(address: str = "", workers: int = 0) -> Iterator[Cluster]:
    """Workers to compute on, given back at the end.

    Parameters
    ----------
    address : of a scheduler, as in tcp://lab:8786; empty starts ``workers`` processes here (0: one
        fewer than there are cores, at least one).

    Raises
    ------
    ParameterError when no scheduler answers, it has no worker, or a worker has other versions.
    """
    if address:
        with remote(address) as found:
            yield found
    else:
        with local(workers or max(1, (os.cpu_count() or 2) - 1)) as found:
            yield found


@contextlib.contextmanager
def local(workers: int) -> Iterator[Cluster]:
    """Processes of this machine, one job at a time each; nothing listens beyond it."""
    from distributed import Client, LocalCluster

    with (
        _environment(ONE_THREAD),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, silence_logs=50,
            memory_limit=0, dashboard_address="127.0.0.1:0",
        ) as made,
        Client(made) as client,
    ):  # fmt: skip
        client.wait_for_workers(workers, timeout=60)
        yield Cluster(client, f"{workers} worker{'s' if workers > 1 else ''} of this machine")


@contextlib.contextmanager
def remote(address: str) -> Iterator[Cluster]:
    """A scheduler that runs already."""
    from distributed import Client
    from distributed.comm import get_address_host_port

    try:
        # a client that cannot connect leaves a thread behind, so the door is tried first
        socket.create_connection(get_address_host_port(address), CONNECT_S).close()
        client = Client(address, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise ParameterError(
            "scheduler", f"No scheduler answers at {address}. Check the address; it looks like "
            "tcp://host:8786.",
        ) from error  # fmt: skip
    with client:
        yield looked_over(client, address)


def looked_over(client: Any, address: str) -> Cluster:
    """Versions and memory of every worker, before the first job."""
    found = client.run(_versions)
    if not found:
        raise ParameterError("scheduler", f"The scheduler at {address} has no worker. Start one "
                             f"with dask worker {address}.")  # fmt: skip
    own = _versions()
    for worker, versions in found.items():
        if "isomorph" not in versions:
            raise ParameterError("scheduler", f"The worker at {worker} has no Isomorph. Install "
                                 f"version {own['isomorph']} there.")  # fmt: skip
        differing = [name for name, number in own.items() if versions.get(name) != number]
        if differing:
            name = differing[0]
            raise ParameterError(
                "scheduler", f"The worker at {worker} has {name} {versions.get(name, 'not at all')}"
                f", this machine {own[name]}. Numbers could differ; install the same version.",
            )  # fmt: skip
    workers = client.scheduler_info(n_workers=-1)["workers"]
    small = [
        f"The worker {name} has {one['memory_limit'] / 1e6:.0f} MB; large studies need {NEEDED_MB}."
        for name, one in workers.items()
        if 0 < one["memory_limit"] < NEEDED_MB * 1e6
    ]
    words = f"{len(workers)} worker{'s' if len(workers) > 1 else ''} of {address}"
    return Cluster(client, words, tuple(small))


def threads_of(client: Any) -> int:
    """Jobs that can run at once now; 0 while every worker is gone."""
    return sum(client.nthreads().values())


def _versions() -> dict[str, str]:
    """What decides the numbers of a job, on the machine that asks."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    with contextlib.suppress(ImportError):
        from backend.core.provenance import version as own

        found["isomorph"] = own()
    for name in ("numpy", "scipy", "numba", "torch"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Variables that child processes start with."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old
