"""What the live charts say beyond the catalogue of `words_page`: labels at line ends, tooltips, zones.

Both languages have the same keys and placeholders, as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from foederis import words_page

__all__ = ["TEXTS", "say"]

_EN = {
    "end.reference": "without this policy",
    "end.reference.short": "without",
    "end.b": "other policy",
    "end.b.short": "other",
    "tip.day": "from",
    "tip.total": "total",
    "tip.parts": "points",
    "tip.quarter": "quarter",
    "tip.expected": "next poll, %",
    "tip.without": "without this policy, %",
    "tip.date": "date",
    "tip.poll": "poll",
    "tip.share": "share",
    "tip.event": "event",
    "tip.year": "end of",
    "tip.part": "part",
    "tip.amount": "amount",
    "part.own_forces.short": "own forces",
    "part.partners.short": "partners",
    "part.patron.short": "US protection",
    "tip.channel": "channel",
    "tip.change": "change",
    "tip.interval": "90\u2009% interval",
    "tip.half": "50\u2009% interval",
    "tip.price": "price",
    "tip.chance": "chance of a bad trade",
    "tip.sector": "sector",
    "tip.country": "country",
    "tip.before": "share before",
    "tip.own": "own treatment",
    "tip.watching": "watching {target}",
    "tip.policy": "policy",
    "tip.gain": "gain",
    "tip.trust": "trust",
    "worth.good": "pays",
    "worth.open": "it depends",
    "worth.bad": "costs more",
    "worth.even": "Break-even",
    "worth.prior": "Power is thought worth",
    "worth.prior.short": "Prior",
    "worth.even.short": "Break-even",
    "worth.line": "a bad trade in {share} of draws",
    "worth.x": "$ bn a year for 1\u2009% of balance",
    "tiles.own": "own {value}",
    "tiles.watching": "watching {value}",
    "tiles.was": "other {value}",
    "tiles.towards": "to {country}",
    "frontier.x": "gain, $ bn a year",
    "frontier.y": "trust, points",
}
_JA = {
    "end.reference": "この政策がない場合",
    "end.reference.short": "政策なし",
    "end.b": "比較対象",
    "end.b.short": "比較",
    "tip.day": "適用日",
    "tip.total": "合計",
    "tip.parts": "内訳",
    "tip.quarter": "四半期",
    "tip.expected": "次の調査（%）",
    "tip.without": "政策がない場合（%）",
    "tip.date": "日付",
    "tip.poll": "世論調査",
    "tip.share": "割合",
    "tip.event": "出来事",
    "tip.year": "年末",
    "tip.part": "項目",
    "tip.amount": "規模",
    "part.own_forces.short": "自国の防衛力",
    "part.partners.short": "パートナー",
    "part.patron.short": "米国の保護",
    "tip.channel": "経路",
    "tip.change": "変化",
    "tip.interval": "90\u2009%区間",
    "tip.half": "50\u2009%区間",
    "tip.price": "価格",
    "tip.chance": "割に合わない確率",
    "tip.sector": "部門",
    "tip.country": "国",
    "tip.before": "変化前の割合",
    "tip.own": "自国への扱い",
    "tip.watching": "{target}への扱いを見て",
    "tip.policy": "政策",
    "tip.gain": "利得",
    "tip.trust": "信頼",
    "worth.good": "割に合う",
    "worth.open": "場合による",
    "worth.bad": "損の方が大きい",
    "worth.even": "損益分岐の価格",
    "worth.prior": "力の価値の想定",
    "worth.prior.short": "想定",
    "worth.even.short": "損益分岐",
    "worth.line": "割に合わない標本 {share}",
    "worth.x": "戦力バランス1\u2009%あたり、億ドル・年",
    "tiles.own": "自国 {value}",
    "tiles.watching": "観察 {value}",
    "tiles.was": "比較 {value}",
    "tiles.towards": "{country}寄り",
    "frontier.x": "利得（億ドル・年）",
    "frontier.y": "信頼（ポイント）",
}

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": MappingProxyType(_EN), "ja": MappingProxyType(_JA)})


def say(key: str, lang: str, **values: object) -> str:
    """The text of a key of this table or of the common catalogue; KeyError where neither has it."""
    found = TEXTS.get(lang, {}).get(key)
    return words_page.say(key, lang, **values) if found is None else found.format(**values)
