"""English texts of the page that explain: names of presets, glossary, help, equations, what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["TEXTS"]

_PRESETS = {
    "preset.july-2025-deal": "July 2025 deal",
    "preset.current-law": "Current law",
    "preset.liberation-day": "Liberation Day",
    "preset.letter-25": "25\u2009% letter",
    "preset.us-japan-2025": "End of 2025",
    "preset.ten-percent-linked": "10\u2009% + surcharge + troops’ bill",
    "preset.full-decoupling": "Full decoupling",
    "preset.firm-and-respectful": "Firm and respectful",
    "preset.before-2025": "Before 2025",
}

_GLOSSARY = {
    "gloss.gain.title": "Gain",
    "gloss.gain": "Real income that the US wins by taxing Japan, against the same law without the measures on Japan.",
    "gloss.target_income.title": "Real income",
    "gloss.target_income": (
        "What a country can buy with what it earns, in the long run, against the reference. Duties included."
    ),
    "gloss.trust.title": "Trust",
    "gloss.trust": (
        "Share of Japanese who tell a pollster that they trust the US. Dots are polls. The fan is what the next poll "
        "of the same wording would find, chance of the survey included."
    ),
    "gloss.balance.title": "Balance of power",
    "gloss.balance": (
        "Forces that would stand with the US over those that would stand with China, in logs. Only changes mean much. "
        "Here: what the acts on Japan change, on average to 2036."
    ),
    "gloss.self_defeat.title": "Costs more than it earns",
    "gloss.self_defeat": (
        "Chance that the power lost, at its price, is worth more than the income gained: the policy defeats itself on "
        "its own terms."
    ),
    "gloss.strip.title": "Legal authority",
    "gloss.strip": (
        "MFN: the normal duty. Section 232: national security. IEEPA: emergency powers, void since 20 February 2026. "
        "Section 122: balance of payments, 150 days. Averages weighted by trade."
    ),
    "gloss.why.title": "Channels",
    "gloss.why": (
        "What an act tells about the leader is divided over what was hurt by it. Interaction is what is left: many "
        "channels pushing at once move less, or more, than each alone."
    ),
    "gloss.worth.title": "Price of power",
    "gloss.worth": (
        "What one per cent of balance is worth to the US, bn dollars a year. Nobody has measured it, so the whole "
        "range is shown. At the break-even price the policy neither pays nor costs."
    ),
    "gloss.sectors.title": "Sectors",
    "gloss.sectors": "Sales of Japan to the US by sector, after trade has adjusted, against the reference.",
    "gloss.hedging.title": "Hedging",
    "gloss.hedging": (
        "How an ally insures itself: its own forces, partners other than the patron, and the patron as far as it is "
        "trusted."
    ),
    "gloss.bystanders.title": "Bystanders",
    "gloss.bystanders": (
        "Countries that watch. Each learns from how it is treated itself and from how Japan is treated. No sign is "
        "imposed: medians are near zero, sizes are worth more than signs."
    ),
    "gloss.frontier.title": "Frontier",
    "gloss.frontier": "What a leader can choose from: money or trust. Up and to the right is better for both.",
    "gloss.interval.title": "Interval",
    "gloss.interval": "Nine of ten draws of the unknowns end inside. It is wide because the unknowns are.",
    "gloss.reference.title": "Reference",
    "gloss.reference": "The duties as collected in 2024, and nothing done to Japan since 20 January 2025.",
    "gloss.exact.title": "Exact and emulated",
    "gloss.exact": (
        "While you drag, answers come from an emulator that was checked against exact runs; its largest error stands "
        "beside it. Then the exact run takes its place: the same numbers and run id as the command line."
    ),
}

_HELP = {
    "help.reading.1": "The sentence says what Washington earns, what it costs in trust and power, and if it pays.",
    "help.reading.2": "Large: the median. Small: nine of ten draws. A dashed border: assumptions decide.",
    "help.reading.3": "A lever that you have not moved leaves the law as it is; its mark is where the law stands.",
    "help.reading.4": "Every chart has a table with the same numbers, and files with all of them.",
    "key.tab": "next control: actions, presets, levers, answers",
    "key.arrows": "move a lever by one step",
    "key.page": "move a lever by ten steps",
    "key.help": "this help",
    "key.compare": "compare with another policy",
    "key.delta": "show differences instead of levels",
    "key.undo": "undo",
    "key.tables": "all tables",
    "key.escape": "close",
    "key.name.arrows": "← →",
    "key.name.page": "Page ↑ ↓",
}

_MODEL = {
    "equation.T3": "Who sells to whom: shares move with tariffs and costs, by the trade elasticity of the sector.",
    "equation.B3": "What an act tells: how much likelier a principled leader is to do it than a transactional one.",
    "equation.B4": "Trust in the leader adds up what acts tell, by the share of each that he chose.",
    "equation.B7": "Reliability of the patron, given that trust, a grievance over the deficit, and concessions.",
    "equation.S5": "Forces that count: those that need the ally’s bases count as far as access is given.",
    "equation.R1": "Where a bystander leans: trade, own treatment, trust, and the rival’s courtship and coercion.",
    "equation.P1": "Balance of power: forces on either side, bystanders by their chance of siding.",
    "equation.P2": "Break-even price of power: gain over what one per cent of balance costs.",
    "leaves.1": "Finance: no exchange rates, reserves, sanctions. It bends the answer towards “it pays”.",
    "leaves.2": "Plants that move: no foreign investment, no innovation. Pledges of investment count as payments.",
    "leaves.3": "Firms and households within a country: no profits, no unemployment, no distribution.",
    "leaves.4": "Uncertainty as a cost to investment. A threat that is not carried out moves belief and no trade.",
    "leaves.5": "Strategy: nobody bargains or retaliates unless a scenario says so.",
    "leaves.6": "Japan is one actor: no cabinet, Diet or coalition.",
    "leaves.7": "The alliance does not feed back into trade, and nobody learns after the record ends.",
    "leaves.8": "How far bases answer to trust, and effort to distrust: never measured, and decisive.",
    "leaves.more": "The page docs/leaves-out.md of the source has the whole list and the direction of each omission.",
}

TEXTS: Mapping[str, str] = MappingProxyType({**_PRESETS, **_GLOSSARY, **_HELP, **_MODEL})
