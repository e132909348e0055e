"""The charts of a run, as Altair charts made from tidy data frames, and their rendering to PNG and SVG.

    tariff_path          what a partner pays, by date and legal authority     (charts_path)
    sector_effects       change by sector, with intervals                     (charts_effects)
    welfare_by_country   change in welfare by economy, with intervals         (charts_effects)
    trust_fan            polls, the fan of the next poll, acts as pins        (charts_trust)
    why_waterfall        what moved a result, by channel, adding up           (charts_balance)
    break_even_strip     the price of power at which the policy breaks even   (charts_balance)
    hedging_stack        how the ally insures itself over time                (charts_hedging)
    bystander_tiles      where third countries lean, as a map of tiles        (charts_region)
    phase                chance of self-defeat over two unmeasured responses  (charts_region)
    save, svg, png       rendering, without a network                         (charts_style)

Each title says what is measured, each axis its unit, the caption how to read it and where it comes from. Altair and the
renderer are imported when a chart is made.
"""

from __future__ import annotations

from foederis.charts_balance import break_even_strip, why_waterfall
from foederis.charts_effects import sector_effects, welfare_by_country
from foederis.charts_hedging import hedging_stack
from foederis.charts_path import tariff_path
from foederis.charts_region import bystander_tiles, phase
from foederis.charts_style import both, png, save, svg
from foederis.charts_trust import trust_fan

__all__ = [
    "both","break_even_strip", "bystander_tiles", "hedging_stack", "phase", "png", "save", "sector_effects", "svg",
           "tariff_path", "trust_fan", "welfare_by_country", "why_waterfall"]  # fmt: skip
