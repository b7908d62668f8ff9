"""Registering and loading one Iris version: files, checksums, row and event, and all of it back.

    python -m benchmarks.registry

Prints medians in milliseconds. Each version is loaded by a context that has not seen it, as another process would.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from flora_core.settings import Settings
from flora_core.workflows.context import open_context
from flora_core.workflows.models.lifecycle import ensure_champion

ROUNDS = 30


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/flora.db", models=Path(folder) / "models", _env_file=None)
        context = open_context(settings)
        ensure_champion(context)
        model = context.champion("iris")
        registering, loading = [], []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            version = context.registry.register(model, "a benchmark").card.version or 0
            registering.append(1000 * (time.perf_counter() - start))
            start = time.perf_counter()
            context.registry.load("iris", version)
            loading.append(1000 * (time.perf_counter() - start))
        context.close()
    both = [a + b for a, b in zip(registering, loading, strict=True)]
    print(f"register           {statistics.median(registering):7.1f} ms")
    print(f"load               {statistics.median(loading):7.1f} ms")
    print(f"register and load  {statistics.median(both):7.1f} ms   (aim: at most 150)")


if __name__ == "__main__":
    main()
