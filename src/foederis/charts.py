"""The charts of a run, as Altair charts made from tidy data frames, and their rendering to PNG and SVG.

    tariff_path          what a partner pays, by date and legal authority     (charts_path)
    sector_effects       change by sector, with intervals                     (charts_effects)
    welfare_by_country   change in welfare by economy, with intervals         (charts_effects)
    save, svg, png       rendering, without a network                         (charts_style)

Each title says what is measured, each axis its unit, the caption how to read it and where it comes from. Altair and the
renderer are imported when a chart is made.
"""

from __future__ import annotations

from foederis.charts_effects import sector_effects, welfare_by_country
from foederis.charts_path import tariff_path
from foederis.charts_style import png, save, svg

__all__ = ["png", "save", "sector_effects", "svg", "tariff_path", "welfare_by_country"]
