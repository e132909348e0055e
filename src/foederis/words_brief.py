"""What the one-page brief says beyond the catalogue of `words_page`, in English and Japanese.

Both languages have the same keys and placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from foederis import words_page

__all__ = ["TEXTS", "say"]

_EN = {
    "brief.meta": "Law of {date}. Compared with: {versus}. Run {run}, {draws} draws, seed {seed}, foederis {version}.",
    "brief.numbers": "Five numbers",
    "brief.badges": "L: from published estimates. A: from assumptions that no data settle. Ranges: 90\u2009% of draws.",
    "brief.findings": "What the run finds",
    "brief.changes": "What would change the verdict",
    "brief.measures": "Measures in force on {date}",
    "brief.measures.law": "law",
    "brief.measures.rate": "rate",
    "brief.measures.goods": "goods",
    "brief.measures.since": "since",
    "brief.measures.source": "legal source",
    "brief.measures.none": "None: the scenario leaves the duties of the base year.",
    "brief.measures.more": "and {count} more, from {least} to {most}",
    "brief.measures.trade": "trade itself",
    "brief.measures.embargo": "embargo",
    "brief.measures.cost": "cost of trade {change}",
    "brief.measures.support": "asked for the troops",
    "brief.goods.all": "all goods",
    "brief.goods.most": "most goods",
    "brief.goods.some": "{sector} and {count} more",
    "brief.leaves": "What this leaves out",
    "brief.reproduce": "Reproduce",
    "brief.page": "page: foederis serve, then {address}",
    "brief.file": "the scenario file is in the run folder",
    "brief.foot": "Data: {vintage}. Median of the draws unless said otherwise; waterfalls and their parts are means.",
    "brief.without": "The alliance was not run: {reason}",
    "sentence.earns": "Taxing {target} {verb} {coercer} {size} a year ({low} to {high}).",
    "sentence.earns.verb": "earns",
    "sentence.costs.verb": "costs",
    "sentence.untaxed": "The scenario has no measure of {coercer} on {target} beyond the base year’s.",
    "sentence.trust": (
        "{share} ({range}) of people in {target} trust {coercer} at the {year}, {change} against the reference"
        " ({change_range}); the coalition’s balance of power {balance}."
    ),
    "sentence.rises": "rises by {size} ({range})",
    "sentence.falls": "falls by {size} ({range})",
    "sentence.still": "does not change",
    "sentence.verdict": "{it_is} that this costs {coercer} more than it earns.",
    "sentence.gain": "{it_is} that {coercer} gains by it, before what it does to the alliance.",
    "find.sector": "Exports of {target} to {coercer} move most in {sector}: {change} ({range}).",
    "find.sector.first": " In the largest sector, {sector}: {change} ({range}).",
    "find.channel": "Trust changes most through {channel}: {value} of {total} in all by the {year} (means).",
    "find.channel.none": "No channel moves trust.",
    "find.bystanders": "Which way bystanders move is known for {known} of {all}; the widest range: {country}, {range}.",
    "find.gainers": "Who sells more to {coercer} instead: {names}, a year.",
    "find.income": "Real income, all measures: {target} {change}, {coercer} {change_coercer}.",
    "turn.driver": (
        "The largest unknown: {name} ({badge}), {share} of what single unknowns explain of the spread of the balance."
        " The larger it is, the {way} the balance."
    ),
    "turn.driver.up": "higher",
    "turn.driver.down": "lower",
    "turn.driver.none": "No unknown moves the balance in this scenario.",
    "turn.priors": "What one believes beforehand: the chance that it costs more than it earns is {chances}.",
    "turn.prior": "{chance} under the prior {prior} on leaders",
    "turn.prior.fitted": "{chance} with the rest fitted to data",
    "turn.variants": "The trade model: the gain goes from {low} ({low_name}) to {high} ({high_name}).",
    "turn.variants.sign": " Its sign turns on that.",
    "turn.variants.none": "The trade model: no variant gives another gain.",
    "turn.price": "From a price of {price} a year for 1\u2009% of balance on it is a bad trade in most draws.",
    "turn.price.never": "At no price up to {price} a year for 1\u2009% of balance is it a bad trade in most draws.",
    "kind.closure": "deficits {name}",
    "kind.elasticities": "elasticities {name}",
}
_JA = {
    "brief.meta": "{date}の法。比較対象：{versus}。実行{run}、標本{draws}、乱数の種{seed}、foederis {version}。",
    "brief.numbers": "五つの数字",
    "brief.badges": "L：公表された推定値による。A：データで決まらない仮定による。括弧内：標本の90\u2009%。",
    "brief.findings": "わかったこと",
    "brief.changes": "結論を変えうるもの",
    "brief.measures": "{date}に有効な措置",
    "brief.measures.law": "根拠法",
    "brief.measures.rate": "税率",
    "brief.measures.goods": "対象",
    "brief.measures.since": "適用開始",
    "brief.measures.source": "法令",
    "brief.measures.none": "なし。基準年の関税のまま。",
    "brief.measures.more": "ほか{count}件（{least}〜{most}）",
    "brief.measures.trade": "貿易そのもの",
    "brief.measures.embargo": "禁輸",
    "brief.measures.cost": "貿易費用 {change}",
    "brief.measures.support": "駐留経費の要求",
    "brief.goods.all": "全品目",
    "brief.goods.most": "ほぼ全品目",
    "brief.goods.some": "{sector}ほか{count}部門",
    "brief.leaves": "扱わないもの",
    "brief.reproduce": "再現方法",
    "brief.page": "ページ：foederis serve の後、{address}",
    "brief.file": "シナリオのファイルは実行フォルダーにある",
    "brief.foot": "データ：{vintage}。断りのない数字は標本の中央値。要因分解は平均。",
    "brief.without": "同盟の部分は計算していない：{reason}",
    "sentence.earns": "{target}への課税は{coercer}にとって年{size}の{verb}（{low}〜{high}）。",
    "sentence.earns.verb": "利得となる",
    "sentence.costs.verb": "損失となる",
    "sentence.untaxed": "このシナリオには、基準年を超える{coercer}の対{target}措置がない。",
    "sentence.trust": (
        "{target}で{coercer}を信頼する人は{year}に{share}（{range}）、参照ケースとの差は{change}（{change_range}）。"
        "同盟側の戦力バランスは{balance}。"
    ),
    "sentence.rises": "{size}上がる（{range}）",
    "sentence.falls": "{size}下がる（{range}）",
    "sentence.still": "変わらない",
    "sentence.verdict": "{coercer}にとって失うものの方が大きい{it_is}。",
    "sentence.gain": "同盟への影響を別にすれば、{coercer}が得をする{it_is}。",
    "find.sector": "{target}の対{coercer}輸出で最も動くのは{sector}：{change}（{range}）。",
    "find.sector.first": "最大の部門、{sector}は{change}（{range}）。",
    "find.channel": "信頼を最も動かす経路は「{channel}」：{year}までの変化{total}のうち{value}（平均）。",
    "find.channel.none": "信頼を動かす経路はない。",
    "find.bystanders": "周辺国{all}か国のうち、動く向きがわかるのは{known}か国。幅が最大なのは{country}（{range}）。",
    "find.gainers": "代わりに{coercer}への輸出が増える国：{names}（年）。",
    "find.income": "全措置による実質所得：{target} {change}、{coercer} {change_coercer}。",
    "turn.driver": (
        "最大の未知数：{name}（{badge}）。戦力バランスのばらつきのうち、未知数が単独で説明する分の{share}を占める。"
        "大きいほどバランスは{way}。"
    ),
    "turn.driver.up": "上がる",
    "turn.driver.down": "下がる",
    "turn.driver.none": "このシナリオで戦力バランスを動かす未知数はない。",
    "turn.priors": "事前の想定：失うものの方が大きい確率は、{chances}。",
    "turn.prior": "指導者の事前分布が{prior}なら{chance}",
    "turn.prior.fitted": "ほかをデータに合わせると{chance}",
    "turn.variants": "貿易モデル：利得は{low}（{low_name}）から{high}（{high_name}）まで。",
    "turn.variants.sign": "符号もこれで変わる。",
    "turn.variants.none": "貿易モデル：どの変種でも利得は同じ。",
    "turn.price": "戦力バランス1\u2009%あたり年{price}以上なら、過半の標本で割に合わない。",
    "turn.price.never": "戦力バランス1\u2009%あたり年{price}までの範囲では、過半の標本で割に合わなくなる価格はない。",
    "kind.closure": "収支の扱い{name}",
    "kind.elasticities": "弾力性{name}",
}

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": MappingProxyType(_EN), "ja": MappingProxyType(_JA)})
say = words_page.saying(TEXTS)
