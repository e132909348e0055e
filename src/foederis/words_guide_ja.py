"""Japanese texts of the page that explain: names of presets, glossary, help, equations, unknowns, what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["TEXTS", "UNKNOWNS"]

_PRESETS = {
    "preset.july-2025-deal": "2025年7月合意",
    "preset.current-law": "現行法",
    "preset.liberation-day": "「解放の日」",
    "preset.letter-25": "25\u2009%書簡",
    "preset.us-japan-2025": "2025年末の法",
    "preset.ten-percent-linked": "10\u2009%＋上乗せ＋駐留経費",
    "preset.full-decoupling": "全面的デカップリング",
    "preset.firm-and-respectful": "厳しくも敬意ある要求",
    "preset.before-2025": "2025年以前",
}

_GLOSSARY = {
    "gloss.gain.title": "利得",
    "gloss.gain": "対日関税によって米国の実質所得が増える額。日本への措置だけを除いた同じ法と比べる。",
    "gloss.target_income.title": "実質所得",
    "gloss.target_income": "所得で買える量の長期の変化（参照ケース比）。関税収入を含む。",
    "gloss.trust.title": "対米信頼",
    "gloss.trust": (
        "世論調査で米国を信頼すると答える日本人の割合。点は調査結果、帯は同じ設問の次の調査で得られる値の範囲で、"
        "標本誤差を含む。"
    ),
    "gloss.balance.title": "戦力バランス",
    "gloss.balance": (
        "米国側に立つ戦力と中国側に立つ戦力の比（対数）。水準ではなく変化を見る。ここでは対日措置による変化の"
        "2036年までの平均。"
    ),
    "gloss.self_defeat.title": "損失が利得を上回る確率",
    "gloss.self_defeat": "失う力をその価格で評価した額が、得る所得を上回る確率。政策の自滅を意味する。",
    "gloss.strip.title": "根拠法",
    "gloss.strip": (
        "通常関税、232条（安全保障）、IEEPA（緊急権限、2026年2月20日に無効）、122条（国際収支、150日間）。"
        "貿易額による加重平均。"
    ),
    "gloss.why.title": "経路",
    "gloss.why": "行動が指導者について告げることを、害の種類ごとに分けたもの。相互作用は同時に働いた残り。",
    "gloss.worth.title": "力の価格",
    "gloss.worth": (
        "戦力バランス1\u2009%が米国にとって年いくらの価値を持つか。実測値はないため全範囲を示す。損益分岐の価格で政策は"
        "損も得もしない。"
    ),
    "gloss.sectors.title": "部門",
    "gloss.sectors": "貿易の調整が済んだ後の部門別の対米輸出（参照ケース比）。",
    "gloss.hedging.title": "ヘッジ",
    "gloss.hedging": "同盟国が備える方法。自国の防衛力、米国以外のパートナー国、信頼度に応じた米国の保護。",
    "gloss.bystanders.title": "周辺国",
    "gloss.bystanders": (
        "事態を見ている国々。自国への扱いと日本への扱いの両方から学ぶ。符号は仮定しない。中央値は0に近く、"
        "符号より大きさに意味がある。"
    ),
    "gloss.frontier.title": "フロンティア",
    "gloss.frontier": "指導者の選択肢。金額を取るか、信頼を取るか。右上ほど双方に良い。",
    "gloss.interval.title": "区間",
    "gloss.interval": "未知数の標本の10個に9個がこの中に入る。広いのは、未知のことが多いため。",
    "gloss.reference.title": "参照ケース",
    "gloss.reference": "2024年に徴収された関税のまま、2025年1月20日以降は日本に何もしない場合。",
    "gloss.exact.title": "厳密計算と近似",
    "gloss.exact": (
        "操作中は、厳密計算と照合済みの近似で答え、最大誤差を併記する。その後、厳密計算の結果に置き換わる。"
        "数値と実行番号はコマンドと同じ。"
    ),
}

_HELP = {
    "help.reading.1": "冒頭の文は、米国が得る額、失う信頼と力、そして割に合うかを述べる。",
    "help.reading.2": "大きい数字は中央値、小さい数字は標本の9割が入る区間。破線の枠は仮定が決める値。",
    "help.reading.3": "動かしていない条件は法のまま。印は現在の法の値を示す。",
    "help.reading.4": "どの図にも同じ数値の表と、全データのファイルがある。",
    "key.tab": "次の項目へ（操作、出発点、条件、結果の順）",
    "key.arrows": "条件を1目盛り動かす",
    "key.page": "条件を10目盛り動かす",
    "key.help": "このヘルプ",
    "key.compare": "別の政策と比較",
    "key.delta": "水準の代わりに差を表示",
    "key.undo": "元に戻す",
    "key.tables": "すべての表",
    "key.escape": "閉じる",
    "key.name.arrows": "← →",
    "key.name.page": "Page ↑ ↓",
}

_MODEL = {
    "equation.T3": "誰が誰に売るか。関税と費用に応じ、部門の貿易弾力性に従って購入割合が動く。",
    "equation.B3": "行動が告げること。原則ある指導者が取引型の指導者よりどれだけその行動を取りやすいか。",
    "equation.B4": "指導者への信頼は、行動が告げることを、本人が選んだ割合に応じて積み上げたもの。",
    "equation.B7": "保護国の信頼性。指導者への信頼、貿易赤字への不満、譲歩から決まる。",
    "equation.S5": "実効戦力。同盟国の基地を要する部分は、アクセスが認められる度合いで数える。",
    "equation.R1": "周辺国の傾き。貿易、自国への扱い、信頼、競合国の懐柔と威圧から決まる。",
    "equation.P1": "戦力バランス。両側の戦力の比で、周辺国は味方する確率で数える。",
    "equation.P2": "損益分岐となる力の価格。利得を、失うバランス1\u2009%あたりに直したもの。",
    "leaves.1": "金融。為替、準備、制裁は扱わない。米国の力の大半は金融にあり、「割に合う」側に偏る。",
    "leaves.2": "工場の移転。直接投資も技術革新もない。投資の約束は支払いとして数える。",
    "leaves.3": "国内の企業と家計。利潤、失業、分配はない。",
    "leaves.4": "不確実性が投資に与える損失。実行されない脅しは認識だけを動かし、貿易は動かさない。",
    "leaves.5": "戦略。シナリオに書かない限り、交渉も報復もしない。",
    "leaves.6": "日本を一つの主体とする。内閣、国会、連立はない。",
    "leaves.7": "同盟は貿易に跳ね返らず、記録の終わった後は誰も学ばない。",
    "leaves.8": "基地が信頼に、防衛努力が不信にどこまで応じるか。実測例はなく、結論はこれに左右される。",
    "leaves.more": "全項目と偏りの方向は、ソースのdocs/leaves-out.mdにある。",
}

TEXTS: Mapping[str, str] = MappingProxyType({**_PRESETS, **_GLOSSARY, **_HELP, **_MODEL})

# What each unknown is, by its name in the table of priors.
UNKNOWNS: Mapping[str, str] = MappingProxyType(
    {
        "tau_theta": "貿易が調整を終えるまでの年数",
        "lambda_U": "行動が告げる度合い",
        "w_P": "原則ある指導者が同盟国に置く重み",
        "w_X": "取引型の指導者が同盟国に置く重み",
        "kappa_sign": "悪い知らせに加わる重み",
        "n_X0": "取引型の指導者の事前の数",
        "n_P0": "原則ある指導者の事前の数",
        "rho_R_mass": "四半期後に残る親近感（国民）",
        "rho_R_elite": "四半期後に残る親近感（エリート）",
        "r_P": "原則ある保護国の信頼性",
        "r_X0": "不満がない取引型の保護国の信頼性",
        "lambda_G": "不満が約束を弱める度合い",
        "lambda_c": "譲歩が約束を強める度合い",
        "omega_1": "世論における指導者への信頼の重み",
        "omega_2": "世論における構造的信頼の重み",
        "omega_3": "世論における親近感の重み",
        "psi": "同盟国の基地を要する米国の域内戦力の割合",
        "b_1": "信頼性に対する基地アクセスの反応",
        "b_0": "現在の信頼性でのアクセスの対数オッズ",
        "b_2": "同調に対する基地アクセスの反応",
        "contest_m": "戦力の決定力",
        "eta_h": "勝算に対するリスクの反応",
        "p_m": "パートナー国が約束を果たす割合",
        "theatre_share": "域内で数える米軍の割合",
        "Phi": "防衛努力の年間調整率",
        "b_Z": "脅威に対する防衛努力の反応",
        "b_r": "不信に対する防衛努力の反応（符号は自由）",
        "b_d": "要求に対する防衛努力の反応",
        "b_y": "財政余力に対する防衛努力の反応",
        "lag_own": "予算から能力までの年数（自国装備）",
        "lag_partner": "協定から能力までの年数（パートナー国）",
        "delta_K": "戦力の年間減耗率",
        "epsilon_e": "防衛力増強の弾力性（符号は自由）",
        "chi_R": "公的姿勢における親近感",
        "chi_F": "公的姿勢における恐れ",
        "rho_0": "四半期に上限が上がる基礎率（対数オッズ）",
        "rho_1": "上限の引き上げにおける脅威",
        "rho_2": "上限の引き上げにおける不信",
        "omega_0": "他の同盟国への扱いの重み",
        "beta_E": "経済的な引力が同調に与える影響",
        "beta_own": "自国への扱いが同調に与える影響",
        "beta_S": "保護国への信頼が同調に与える影響",
        "beta_C": "競合国の懐柔が同調に与える影響",
        "beta_z": "競合国の威圧が同調に与える影響",
        "prize": "優位の価値（米国GDPの倍数）",
        "pi_J": "同盟国の戦力のうち保護国と共同で動く割合",
        "eta_pi": "信頼性に対する共同対処の反応",
        "leader_memory": "再登場した指導者について残る記憶",
        "henry_reversal": "他国への不実が安心につながる度合い（ヘンリーの解釈のみ）",
        "poll_b.trust": "信頼の設問の傾き",
        "poll_b.relations": "関係の設問の傾き",
        "poll_b.affinity": "親近感の設問の傾き",
        "poll_b.confidence": "指導者への信任の設問の傾き",
        "poll_b.defend": "防衛の設問の傾き",
        "poll_spread": "標本誤差を超える調査のばらつき",
        "cap_share": "基準四半期に費用でなく上限が抑えていた防衛努力の割合",
        "entrapment": "自国戦力の1.5倍を超えるパートナー依存1単位で失う信頼性",
        "matched": "同盟国の努力に連動する保護国の支援の割合",
        "partners_0": "基準四半期に共有するパートナー国の割合",
        "accommodation_0": "基準四半期の競合国への譲歩",
        "contest_rate": "力または屈服で優位が決まる年率（リスク加重の価格）",
        "mu_fall": "原則ある保護国だとの認識の低下（経路を計算しない場合）",
        "disbursed": "約束額のうち支払いと数える割合",
        "trade": "貿易弾力性",
        "chance": "偶然（調査の誤差、上限や段階の時期）",
    }
)
