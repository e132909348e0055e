"""The 45 claims of the essay on what tariffs do to the alliance of the United States and Japan, in our own words.

`place` is paragraph and sentence of the essay (C: its conclusion); `change` says what would change the verdict. The
essay was written in January 2025: nearly all that happened since is out of sample for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["CLAIMS", "Claim"]


@dataclass(frozen=True)
class Claim:
    """One claim: where it stands, what it says, what would change the verdict on it."""

    id: str
    place: str
    text: str
    change: str


_ROWS = (
    ("1", "1.1", "American arms and Japanese wealth together hold the region up: each is worth more with the other.",
     "A measured share of theatre power that cannot do without Japanese bases."),
    ("2", "1.2", "The bargain is bases and a common policy in exchange for protection and trade.",
     "Votes that move with forces, or an exchange of policy seen in other data than votes."),
    ("3", "1.3", "The threat of a tariff puts the equilibrium of the alliance at risk.",
     "A loss from tariffs that nears the cost of standing alone, or a cheaper way to stand alone."),
    ("4", "1.4", "The alliance lives on in form while trust erodes out of sight.",
     "A treaty left, polls back at their level of 2024, or effort that falls."),
    ("5", "2.1", "The first term left allies bruised, Japan among them.",
     "A longer loss: an image that stays down after the leader has gone."),
    ("6", "2.2", "Saying that Japan takes advantage did harm of its own.",
     "Coded statements with their dates, set against polls and budgets."),
    ("7", "2.2", "He asked Japan again and again to pay more for American forces.",
     "The agreement due in March 2027: a payment of more than a tenth of what is asked."),
    ("8", "2.2", "Leaving the trade treaty against Tokyo's advice pushed Japan to caution.",
     "A move of Japan away from the patron beyond that of other allies."),
    ("9", "2.2", "Japan's leaders answered with guarded words and guarded steps.",
     "A series of the tone of statements, to be set against acts."),
    ("10", "2.3", "Abe used personal warmth as a shield for the alliance.",
     "Exemptions that follow summits, over several allies and leaders."),
    ("11", "2.3", "The charm kept policies in line for a while.",
     "More courted allies than one, or votes that draw nearer than those of other allies."),
    ("12", "2.4", "The relation became one of display more than of principle.",
     "A series of public posture that rapport explains and conviction does not."),
    ("13", "3.1", "In a second term the weakness may become structural.",
     "A third such leader, or a term of another party that carries the policy on."),
    ("14", "3.2", "A tariff of ten per cent on all imports is proposed.",
     "One rate on all partners and goods near ten points."),
    ("15", "3.2", "Countries that sell more than they buy are hit harder.",
     "Rates that do not rise with the surplus, or a law that asks for it again."),
    ("16", "3.2", "The tariff threatens an economy that lives on exports.",
     "A loss of income beyond half a per cent, or car exports back at their level."),
    ("17", "3.3", "Cars, electronics and precision machinery hang on the American market.",
     "Exports of electronics or machinery that go more to the United States than to China."),
    ("18", "3.3", "These industries are getting ready for another time of uncertainty.",
     "Prices, orders or investment by firm or month."),
    ("19", "3.4", "The deeper danger: defence is no longer kept apart from economic grievance.",
     "Promises to allies that rise or fall with their balance, over more allies."),
    ("20", "4.1", "This breaks with the tradition of American policy.",
     "A full list of linkage since 1945, with archives of the 1960s and 1980s."),
    ("21", "4.2", "Washington used to treat alliances as public goods.",
     "Burdens that rise, or do not rise, with size in all periods."),
    ("22", "4.3", "Economic quarrels went through institutions and stayed apart from defence.",
     "Coded cases with a reference to defence, or sanctions that were rare."),
    ("23", "4.4", "To him alliances are deals, and loyalty is something to bargain over.",
     "Commitments given without payment to allies with surpluses."),
    ("24", "4.6", "Decades of loyalty count for nothing if the trade balance is bad.",
     "A lower rate for allies at a given balance."),
    ("25", "5.2", "China, North Korea and Taiwan make Japan's situation more dangerous.",
     "An index of threat that falls over several years."),
    ("26", "5.3", "For Japan security is a matter of life and death, above economics.",
     "The terms on which the pledge of 550 billion dollars is paid out."),
    ("27", "5.4", "Economic uncertainty makes Japan doubt that America can be relied on.",
     "One question asked in ten or more countries before and after the tariffs."),
    ("28", "5.4", "Then it looks elsewhere step by step: partners, weapons of its own, independence.",
     "A pace of agreements that changes with the leader, or a step to independence."),
    ("29", "6.1", "The strategy of 2022 was a break: twice the spending, and the means to strike back.",
     "Effort that falls back to its old level, or an earlier trend that explains it."),
    ("30", "6.2", "Part of it was pressure from outside, part distrust of the ally.",
     "A panel in which distrust and pressure move apart from threat."),
    ("31", "6.3", "Economic nationalism hastens this.",
     "Outturn of 2025 and 2026 in one and the same count."),
    ("32", "7.1", "If Japan loses faith, others will not stand still.",
     "Episodes in which Japan alone is treated, with surveys before and after."),
    ("33", "7.3", "Conditions on commitments wear out the promise of a free and open region.",
     "A regional survey taken after the tariffs."),
    ("34", "7.4", "China will use the chance to look like the steadier partner.",
     "Offers to Japan instead of bans, or bans on those now courted."),
    ("35", "8.1", "He defeats the competition with China that he wants to win.",
     "A narrower price of power, or a measure of what access to bases is worth."),
    ("36", "8.2", "Broken faith among allies makes China stronger.",
     "Access to bases that moves, or does not move, with trust."),
    ("37", "8.3", "Credibility has to be built; it does not come from words.",
     "More waves of polls around costly reassurance and around summits."),
    ("38", "8.4", "Betrayed in trade, Tokyo will hardly commit itself in strategy.",
     "Allies that move away after sanctions."),
    ("39", "C.1", "The alliance has seen storms; this break may go deeper.",
     "Waves after 2025, or polls of 1971 and 1987 in the same words."),
    ("40", "C.1", "Tariffs used to be tools; now they are a sign of doubt.",
     "Threats that were never carried out, each between two waves of a poll."),
    ("41", "C.1", "Japan smiles in public and prepares in private.",
     "A series of the tone of statements, to be set against budgets and drafts."),
    ("42", "C.2", "The coming years decide: partnership of equals, or a bog of deals and suspicion.",
     "Paths of the model that end in two states, or years that show one of them."),
    ("43", "C.2", "To keep its leverage America must be firm and respectful.",
     "More agreements made under firm and under friendly talks; the one due in March 2027."),
    ("44", "C.2", "Japan must get through this and keep its hold on the alliance.",
     "A treaty left, forces withdrawn, or arms bought elsewhere."),
    ("45", "C.3", "It will not bring the alliance down overnight, but it makes waves.",
     "A sudden break, or polls that do not move."),
)  # fmt: skip

CLAIMS: Mapping[str, Claim] = MappingProxyType({row[0]: Claim(*row) for row in _ROWS})
