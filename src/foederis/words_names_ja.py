"""Japanese names of the codes: economies, sectors, legal authorities, roles."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["AUTHORITY", "AUTHORITY_SHORT", "COUNTRY", "COUNTRY_SHORT", "ROLE", "SECTOR"]

COUNTRY: Mapping[str, str] = MappingProxyType(
    {
        "ARG": "アルゼンチン",
        "AUS": "オーストラリア",
        "AUT": "オーストリア",
        "BEL": "ベルギー",
        "BGD": "バングラデシュ",
        "BGR": "ブルガリア",
        "BLR": "ベラルーシ",
        "BRA": "ブラジル",
        "BRN": "ブルネイ",
        "CAN": "カナダ",
        "CHE": "スイス",
        "CHL": "チリ",
        "CHN": "中国",
        "CIV": "コートジボワール",
        "CMR": "カメルーン",
        "COL": "コロンビア",
        "CRI": "コスタリカ",
        "CYP": "キプロス",
        "CZE": "チェコ",
        "DEU": "ドイツ",
        "DNK": "デンマーク",
        "EGY": "エジプト",
        "ESP": "スペイン",
        "EST": "エストニア",
        "EU27": "欧州連合（EU）",
        "FIN": "フィンランド",
        "FRA": "フランス",
        "GBR": "英国",
        "GRC": "ギリシャ",
        "HKG": "香港",
        "HRV": "クロアチア",
        "HUN": "ハンガリー",
        "IDN": "インドネシア",
        "IND": "インド",
        "IRL": "アイルランド",
        "ISL": "アイスランド",
        "ISR": "イスラエル",
        "ITA": "イタリア",
        "JOR": "ヨルダン",
        "JPN": "日本",
        "KAZ": "カザフスタン",
        "KHM": "カンボジア",
        "KOR": "韓国",
        "LAO": "ラオス",
        "LTU": "リトアニア",
        "LUX": "ルクセンブルク",
        "LVA": "ラトビア",
        "MAR": "モロッコ",
        "MEX": "メキシコ",
        "MLT": "マルタ",
        "MMR": "ミャンマー",
        "MYS": "マレーシア",
        "NGA": "ナイジェリア",
        "NLD": "オランダ",
        "NOR": "ノルウェー",
        "NZL": "ニュージーランド",
        "PAK": "パキスタン",
        "PER": "ペルー",
        "PHL": "フィリピン",
        "POL": "ポーランド",
        "PRT": "ポルトガル",
        "REU": "その他のEU",
        "ROU": "ルーマニア",
        "ROW": "その他世界",
        "RUS": "ロシア",
        "SAU": "サウジアラビア",
        "SEN": "セネガル",
        "SGP": "シンガポール",
        "SVK": "スロバキア",
        "SVN": "スロベニア",
        "SWE": "スウェーデン",
        "THA": "タイ",
        "TUN": "チュニジア",
        "TUR": "トルコ",
        "TWN": "台湾",
        "UKR": "ウクライナ",
        "USA": "米国",
        "VNM": "ベトナム",
        "ZAF": "南アフリカ",
    }
)

# Where a tile or a label has little room.
COUNTRY_SHORT: Mapping[str, str] = MappingProxyType(
    {"AUS": "豪州", "EU27": "EU", "IDN": "インドネシア", "NZL": "NZ", "PHL": "フィリピン", "SGP": "シンガポール"}
)

SECTOR: Mapping[str, str] = MappingProxyType(
    {
        "A01_02": "農林業",
        "A03": "漁業",
        "B05_06": "石炭・石油・ガス",
        "B07_08": "金属鉱石・その他鉱業",
        "B09": "鉱業関連サービス",
        "C10T12": "食料品・飲料・たばこ",
        "C13T15": "繊維・皮革",
        "C16": "木材・木製品",
        "C17_18": "紙・印刷",
        "C19": "石油製品",
        "C20": "化学",
        "C21": "医薬品",
        "C22": "ゴム・プラスチック",
        "C23": "ガラス・セメント・窯業",
        "C24A": "鉄鋼",
        "C24B": "非鉄金属",
        "C25": "金属製品",
        "C26": "電子・光学機器",
        "C27": "電気機器",
        "C28": "一般機械",
        "C29": "自動車・部品",
        "C301": "船舶",
        "C302T309": "航空機・鉄道・その他輸送機器",
        "C31T33": "家具・その他製造業",
        "SERV": "サービス",
    }
)

AUTHORITY: Mapping[str, str] = MappingProxyType(
    {
        "mfn": "通常関税（2024年の実徴収率）",
        "s122": "通商法122条（国際収支）",
        "s201": "通商法201条（セーフガード）",
        "s232": "通商拡大法232条（安全保障）",
        "s301": "通商法301条（不公正慣行）",
        "s338": "関税法338条（差別待遇）",
        "ieepa": "IEEPA（国際緊急経済権限法）",
        "agreement": "協定",
        "retaliation": "報復関税",
        "other": "その他",
    }
)

AUTHORITY_SHORT: Mapping[str, str] = MappingProxyType(
    {
        "mfn": "通常関税",
        "s122": "122条",
        "s201": "201条",
        "s232": "232条",
        "s301": "301条",
        "s338": "338条",
        "ieepa": "IEEPA",
        "agreement": "協定",
        "retaliation": "報復",
        "other": "想定分",
    }
)

ROLE: Mapping[str, str] = MappingProxyType(
    {"coercer": "圧力国", "target": "対象国", "rival": "競合国", "bystander": "周辺国"}
)
