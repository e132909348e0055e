"""foederis: what economic coercion does to an alliance, and whether it pays on the coercer's own terms.

import foederis as fo

deal = fo.load("us-japan-2025")                 # a preset, or the path of a scenario file
run = fo.simulate(deal, draws=500, seed=1)      # or a mapping of labels to scenarios
print(run.text())
run.summary("welfare", of="JPN")
run.save("runs")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foederis.report import Run as Run
    from foederis.report import simulate as simulate
    from foederis.scenario import Scenario as Scenario
    from foederis.scenario import load as load
    from foederis.world import World as World

__all__ = ["Run", "Scenario", "World", "__version__", "load", "simulate"]

_WHERE = {
    "Run": "foederis.report",
    "Scenario": "foederis.scenario",
    "World": "foederis.world",
    "load": "foederis.scenario",
    "simulate": "foederis.report",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that `import foederis` costs nothing."""
    if name == "__version__":
        from importlib import metadata

        return metadata.version("foederis")
    if name in _WHERE:
        from importlib import import_module

        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'foederis' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
