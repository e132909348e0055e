"""Loading scenarios: the language, inheritance, settings, presets, writing out, hashing."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from foederis import scenario, scenario_files
from foederis.errors import ScenarioError
from foederis.scenario import Scenario
from foederis.scenario_units import Distribution, Money, Quantity, Quarter
from scenario_strategies import scenario_texts

GOOD = Path(__file__).parent / "scenarios"
HEAD = "schema: foederis/scenario/v1\nid: case\nextends: us-japan-baseline\n"
MEASURE = (
    "tariffs:\n  - {id: flat, authority: other, importer: USA, exporter: JPN, sectors: all_goods, rate: 10%,\n"
    "     from: 2025-04-05, source: test}\n"
)
PRESETS = (
    "before-2025 current-law firm-and-respectful full-decoupling july-2025-deal letter-25 liberation-day "
    "ten-percent-linked ten-percent-surplus us-japan-2025 us-japan-2025-deal us-japan-baseline"
).split()


@pytest.fixture(scope="module")
def deal() -> Scenario:
    return scenario.load(GOOD / "us-japan-2025-deal.yaml")


@pytest.fixture(scope="module")
def linked() -> Scenario:
    return scenario.load(GOOD / "ten-percent-linked.yaml")


def test_the_deal_reads_as_it_is_written(deal: Scenario):
    assert deal.id == "us-japan-2025-deal"
    assert deal.title("en") == "US–Japan, July 2025 deal"
    assert deal.title("ja") == "日米 2025年7月合意"
    assert deal.extends == ("us-japan-baseline",)
    assert (deal.horizon.start, deal.horizon.end) == (Quarter(2025, 1), Quarter(2035, 4))
    assert (deal.actors.coercer, deal.actors.target, deal.actors.rival) == ("USA", "JPN", "CHN")
    assert deal.actors.bystanders == ("KOR", "TWN", "AUS", "PHL", "IND", "VNM", "IDN", "SGP")
    assert deal.compare_to == "us-japan-baseline"
    autos, cap, metals, reciprocal, surcharge = deal.file.tariffs
    assert (autos.authority, autos.sectors.codes, float(autos.rate.steps[0][1])) == ("s232", ("C29",), 0.25)
    assert (autos.from_, autos.to) == (dt.date(2025, 4, 3), dt.date(2025, 9, 16))
    assert cap.rule.steps == ((None, "all_in"),)
    assert [(str(day), float(rate)) for day, rate in metals.rate.steps] == [("2025-03-12", 0.25), ("2025-06-04", 0.5)]
    assert reciprocal.sectors.kind == "except"
    assert reciprocal.exempt == ("generic-pharma", "civil-aircraft")
    assert [rule for _, rule in reciprocal.rule.steps] == ["add", "all_in"]
    assert surcharge.exporter.names == ("world",)


def test_what_the_deal_says_beside_tariffs_is_kept(deal: Scenario):
    (snapback,) = deal.file.contingent
    assert snapback.hazard_per_quarter == Distribution(
        "beta", (("a", Quantity(Decimal(1))), ("b", Quantity(Decimal(24))))
    )
    assert snapback.then.set == {"reciprocal.rate": "25%", "autos-232-deal.rate": "25%"}
    payments = deal.file.side_payments
    assert payments is not None
    assert payments.investment is not None
    assert payments.investment.amount == Money(Decimal(550), "bn", "USD")
    assert [str(item.amount or item.change) for item in payments.purchases] == ["8 bn USD/yr", "75%"]
    security = deal.file.security
    assert security is not None
    assert security.host_nation_support is not None
    assert str(security.host_nation_support.paid) == "211 bn JPY/yr"
    assert security.host_nation_support.asked is None
    assert deal.file.responses["JPN"].counter_measures is None


def test_the_linked_scenario_reads_as_it_is_written(linked: Scenario):
    flat, surplus = linked.file.tariffs
    assert flat.exporter.names == ("world",)
    assert (surplus.exporter.country, str(surplus.exporter.over)) == ("USA", "20 bn USD/yr")
    formula = surplus.rate.steps[0][1]
    assert formula.rate({"surplus": 68.0, "imports": 148.0}) == pytest.approx(0.10)
    assert formula.rate({"surplus": 10.0, "imports": 100.0}) == pytest.approx(0.025)
    assert linked.file.sweep == {
        "tariffs.flat.rate": ("0%", "5%", "10%", "15%", "20%"),
        "security.linkage": (0, Decimal("0.4"), Decimal("0.8")),
    }
    assert linked.compare_to == "us-japan-2025-deal"
    assert linked.title() == linked.id == "ten-percent-linked"


def test_what_a_static_run_leaves_aside_is_told(deal: Scenario, linked: Scenario):
    text = "\n".join(deal.unused())
    for part in ("contingent.snapback", "side_payments.investment", "side_payments.purchases", "responses"):
        assert f"{part}:" in text
    assert "security (conditions_on, host_nation_support, linkage, reassurance):" in text
    assert "tariffs.autos-232: no longer in force on 2026-02-24" in text
    assert any(
        sentence.startswith("sweep: tariffs.flat.rate, security.linkage (5 x 3 values)") for sentence in linked.unused()
    )
    assert scenario.load(HEAD + MEASURE).unused() == ()
    assert scenario.load("us-japan-2025").unused() == ()
    late = scenario.load(HEAD + MEASURE, ["evaluate=2025-01-01"])
    assert late.unused() == (
        "tariffs.flat: begins on 2025-04-05, after 2025-01-01, the day of the run; "
        "change it with --set evaluate=2025-04-05.",
    )


# Inheritance


def test_an_inherited_measure_is_changed_by_its_id():
    child = scenario.load(
        "schema: foederis/scenario/v1\nid: child\nextends: ten-percent-surplus\n"
        "tariffs:\n  - {id: flat, rate: 15%}\n  - {id: surplus, remove: true}\n"
        "  - {id: cars, authority: s232, importer: USA, exporter: JPN, sectors: [C29], rate: 25%, from: 2025-04-03,\n"
        "     source: test}\n"
    )
    flat, cars = child.file.tariffs
    assert (flat.id, str(flat.rate.steps[0][1]), flat.exporter.names) == ("flat", "15%", ("world",))
    assert cars.id == "cars"
    assert child.extends == ("ten-percent-surplus", "us-japan-baseline")


def test_mappings_merge_key_by_key_and_words_are_not_inherited():
    child = scenario.load(
        "schema: foederis/scenario/v1\nid: child\nextends: us-japan-2025-deal\n"
        "actors: {target: KOR, bystanders: [JPN]}\n"
        "security: {linkage: 0.5, host_nation_support: {asked: 8 bn USD/yr}}\n"
    )
    assert (child.actors.coercer, child.actors.target, child.actors.rival) == ("USA", "KOR", "CHN")
    security = child.file.security
    assert security is not None
    assert security.host_nation_support is not None
    assert security.linkage == Quantity(Decimal("0.5"))
    assert str(security.host_nation_support.paid) == "211 bn JPY/yr"
    assert security.reassurance is not None
    assert child.title() == "child"
    assert child.note == ""


def test_null_takes_an_inherited_value_out():
    child = scenario.load(
        "schema: foederis/scenario/v1\nid: child\nextends: us-japan-2025\nledger: null\ncompare_to: null\n"
    )
    assert child.file.ledger is None
    assert child.compare_to is None


def test_a_file_extends_a_file_beside_it(tmp_path: Path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "parent.yaml").write_text(HEAD + MEASURE)
    (tmp_path / "child.yaml").write_text("schema: foederis/scenario/v1\nid: child\nextends: below/parent.yaml\n")
    child = scenario.load(tmp_path / "child.yaml")
    assert [measure.id for measure in child.file.tariffs] == ["flat"]
    assert scenario.load(str(tmp_path / "child.yaml")) == child


def test_a_file_is_compared_with_a_file_beside_it(tmp_path: Path):
    (tmp_path / "other.yaml").write_text(HEAD)
    (tmp_path / "case.yaml").write_text(HEAD + "compare_to: other.yaml\n")
    case = scenario.load(tmp_path / "case.yaml")
    assert case.compare_to == str(tmp_path / "other.yaml")
    assert scenario.load(case.compare_to).id == "case"
    assert case.with_settings("evaluate=2025-06-01").compare_to == case.compare_to


def test_inherited_paths_start_from_the_file_that_names_them(tmp_path: Path):
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "other.yaml").write_text(HEAD)
    parent = HEAD + "compare_to: other.yaml\neconomics: {tariffs: mine.csv}\n"
    (tmp_path / "below" / "parent.yaml").write_text(parent)
    (tmp_path / "case.yaml").write_text("schema: foederis/scenario/v1\nid: child\nextends: below/parent.yaml\n")
    case = scenario.load(tmp_path / "case.yaml")
    assert Path(str(case.compare_to)) == tmp_path / "below" / "other.yaml"
    assert case.world_options()["tariffs"] == tmp_path / "below" / "mine.csv"


def test_a_fault_of_a_parent_is_shown_in_the_parent(tmp_path: Path):
    (tmp_path / "parent.yaml").write_text(HEAD + MEASURE.replace("10%", "10"))
    (tmp_path / "child.yaml").write_text("schema: foederis/scenario/v1\nid: child\nextends: parent.yaml\nfoo: 1\n")
    with pytest.raises(ScenarioError) as caught:
        scenario.load(tmp_path / "child.yaml")
    assert [(Path(f.file).name, f.line, f.code) for f in caught.value.faults] == [
        ("child.yaml", 4, "unknown-key"),
        ("parent.yaml", 5, "unit"),
    ]
    mended = "schema: foederis/scenario/v1\nid: child\nextends: parent.yaml\ntariffs: [{id: flat, rate: 5%}]\n"
    (tmp_path / "child.yaml").write_text(mended)
    assert str(scenario.load(tmp_path / "child.yaml").file.tariffs[0].rate.steps[0][1]) == "5%"


# Settings


def test_settings_reach_entries_by_id_and_make_what_is_missing():
    case = scenario.load(
        HEAD + MEASURE,
        ["tariffs.flat.rate=25%", "economics.mobility=1.5", "security.linkage=0.3", "evaluate=2026-01-01"],
    )
    assert float(case.file.tariffs[0].rate.steps[0][1]) == 0.25
    assert case.economics.mobility == 1.5
    assert case.file.security is not None
    assert case.file.security.linkage == Quantity(Decimal("0.3"))
    assert case.evaluate == dt.date(2026, 1, 1)


def test_a_later_setting_wins_and_may_hold_any_value():
    case = scenario.load(
        HEAD + MEASURE, ["tariffs.flat.rate=25%", "tariffs.flat.rate={2025-04-05: 5%, 2025-06-01: 7%}"]
    )
    assert [str(rate) for _, rate in case.file.tariffs[0].rate.steps] == ["5%", "7%"]
    assert scenario.load(HEAD + MEASURE, ["tariffs=[]"]).file.tariffs == ()
    assert scenario.load(HEAD + MEASURE, ["compare_to="]).compare_to is None


def test_with_settings_changes_a_loaded_scenario():
    case = scenario.load("us-japan-2025-deal")
    harder = case.with_settings("tariffs.reciprocal.rate=25%")
    assert float(harder.file.tariffs[3].rate.steps[0][1]) == 0.25
    assert harder.extends == case.extends
    assert harder.sha256 != case.sha256
    assert case.with_settings() == case


# Economics, evaluation


def test_defaults_of_the_equilibrium():
    from foederis.trade.economy import WORLD_VALUE_ADDED

    economics = scenario.load("us-japan-baseline").economics
    assert (economics.closure, economics.mobility, economics.elasticities) == ("fixed_share", float("inf"), None)
    assert economics.numeraire == WORLD_VALUE_ADDED
    case = scenario.load(
        HEAD, ["economics={closure: fixed_nominal, numeraire: JPN, us_imports: icio, elasticities: CP}"]
    )
    assert (case.economics.closure, case.economics.numeraire, case.economics.elasticities) == (
        "fixed_nominal",
        "JPN",
        "CP",
    )
    assert case.world_options() == {"us_imports": "icio"}


def test_a_tariff_file_is_relative_to_the_scenario(tmp_path: Path):
    path = tmp_path / "case.yaml"
    path.write_text(HEAD + "economics: {tariffs: mine.csv}\n")
    assert scenario.load(path).world_options() == {"us_imports": "customs", "tariffs": tmp_path / "mine.csv"}


def test_the_day_of_a_run_without_evaluate():
    assert scenario.load("us-japan-baseline").evaluate == dt.date(2025, 1, 1)
    assert scenario.load(HEAD + MEASURE).evaluate == dt.date(2025, 4, 5)
    stepped = scenario.load(HEAD + MEASURE, ["tariffs.flat.rate={2025-04-05: 5%, 2025-06-01: 7%}"])
    assert stepped.evaluate == dt.date(2025, 6, 1)
    assert scenario.load(HEAD + MEASURE, ["evaluate=2025-05-01"]).evaluate == dt.date(2025, 5, 1)


def test_a_measure_may_take_its_start_from_its_rate_path():
    text = MEASURE.replace("rate: 10%", "rate: {2025-04-05: 10%, 2025-06-01: 5%}").replace(
        "     from: 2025-04-05, ", "     "
    )
    assert scenario.load(HEAD + text).evaluate == dt.date(2025, 6, 1)


# Presets


def test_the_presets_are_the_ones_promised():
    assert list(scenario_files.preset_names()) == PRESETS
    assert [info.id for info in scenario.presets()] == PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_words_in_both_languages_and_sources(name: str):
    case = scenario.load(name)
    assert case.id == name
    (info,) = [info for info in scenario.presets() if info.id == name]
    assert info.title
    assert info.note.endswith(".")
    assert info.note.count(". ") == 0
    assert any(ord(sign) > 0x3000 for sign in info.title_ja)
    assert info.note_ja.endswith("。")
    assert "{date}" not in info.title + info.note + info.title_ja + info.note_ja
    parts = [
        *case.file.acts,
        *case.file.tariffs,
        *case.file.trade_costs,
        *(case.file.ledger.changes if case.file.ledger else ()),
    ]
    assert all(part.source for part in parts)
    if case.compare_to is not None:
        assert case.compare_to in PRESETS


def test_days_of_the_presets():
    days = {name: scenario.load(name).evaluate.isoformat() for name in PRESETS if name != "current-law"}
    assert days["us-japan-2025"] == "2025-12-31"
    assert days["july-2025-deal"] == "2025-09-16"
    assert days["liberation-day"] == "2025-04-09"
    assert days["letter-25"] == "2025-09-16"


def test_the_deal_has_the_dates_of_the_raw_table_of_actions(shared_data: Path):
    import csv

    with (shared_data / "trade" / "us" / "us_tariff_actions_2018_2026.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    dates = {(row["authority"], row["effective_date"]) for row in rows}
    case = scenario.load("us-japan-2025-deal")
    autos, cap, metals, reciprocal, surcharge = case.file.tariffs
    assert ("s.232", str(autos.from_)) in dates
    assert ("IEEPA / s.232", str(cap.from_)) in dates
    assert autos.to == cap.from_
    assert all(("s.232", str(day)) in dates for day, _ in metals.rate.steps)
    assert all(("IEEPA", str(day)) in dates for day, _ in reciprocal.rate.steps)
    assert ("court / EO", str(reciprocal.to)) in dates
    assert ("s.122", str(surcharge.from_)) in dates
    (row,) = [row for row in rows if row["authority"] == "s.122"]
    assert f"lapsed {surcharge.to}" in row["note"]


def test_a_preset_loads_without_heavy_imports():
    program = (
        "from foederis import scenario; scenario.load('letter-25').sha256\n"
        "import sys; print(sorted({'numpy', 'pandas', 'jax', 'xarray', 'foederis.ledger'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_the_module_reads_no_file_and_imports_no_pydantic():
    program = (
        "import sys; from foederis import scenario; print({'pydantic', 'ruamel.yaml', 'numpy'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "set()"


# Writing out, hashing


@pytest.mark.parametrize("name", [*PRESETS, GOOD / "us-japan-2025-deal.yaml", GOOD / "ten-percent-linked.yaml"])
def test_a_scenario_written_out_loads_to_itself(name: str | Path):
    case = scenario.load(name)
    text = scenario.dump(case)
    again = scenario.load(text)
    assert again == case
    assert again.sha256 == case.sha256
    assert hash(again) == hash(case)
    assert scenario.dump(again) == text
    assert "extends" not in text


@settings(max_examples=500)
@given(scenario_texts())
def test_any_scenario_written_out_loads_to_itself(text: str):
    case = scenario.load(text)
    again = scenario.load(scenario.dump(case))
    assert again == case
    assert again.sha256 == case.sha256


def test_the_hash_does_not_see_comments_layout_or_order():
    text = HEAD + "horizon: {start: 2025-Q1, end: 2030-Q4}\n" + MEASURE
    flow = text.replace(
        "rate: 10%,\n     from: 2025-04-05, source: test", "from: 2025-04-05, source: 'test', rate: 10.0 %"
    )
    block = (
        "# a comment\ntariffs:\n  - id: flat\n    authority: other   # who\n    rate: 10%\n    rule: add\n"
        "    importer: USA\n    exporter: [JPN]\n    sectors: all_goods\n    from: 2025-04-05\n    source: test\n"
        "horizon:\n  end: 2030-Q4\n  start: 2025-Q1\n"
        "extends: us-japan-baseline\nid: case\nschema: foederis/scenario/v1\n"
    )
    hashes = {scenario.load(version).sha256 for version in (text, flow, block)}
    assert len(hashes) == 1
    assert scenario.load(text.replace("10%", "10.1%")).sha256 not in hashes
    assert len(hashes.pop()) == 64


def test_the_hash_sees_every_part():
    base = scenario.load("us-japan-2025-deal")
    changes = ["horizon.end=2034-Q4", "economics.closure=purged", "economics.mobility=2", "security.linkage=0.1"]
    changes += ["evaluate=2026-01-01", "compare_to=null", "actors.target=NZL"]
    changes += ["tariffs.autos-232.source=other", "exempt_partners=JPN", "title=other", "ledger={}", "contingent=[]"]
    changes += ["acts=[]", "acts.deal.zeta=0.5", "without_acts=[E036]"]
    hashes = {base.with_settings(change).sha256 for change in changes} | {base.sha256}
    assert len(hashes) == len(changes) + 1


# Schema and template


def test_the_json_schema_describes_what_loads():
    schema = scenario.json_schema()
    text = json.dumps(schema)
    assert json.loads(text) == schema
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["properties"]) >= {"extends", "tariffs", "ledger", "retaliation", "trade_costs", "sweep"}
    assert schema["additionalProperties"] is False
    tariff = schema["$defs"]["Tariff"]
    assert {"from", "to", "yields_to", "remove"} <= set(tariff["properties"])
    assert "JPN" in json.dumps(tariff["properties"]["exporter"])
    assert schema["$defs"]["Economics"]["properties"]["mobility"]["default"] == "long run"


def test_every_key_of_the_presets_is_in_the_json_schema():
    schema = scenario.json_schema()
    for name in PRESETS:
        parsed = scenario_files.yamlsource.parse(scenario_files.preset_text(name), name).require().plain()
        assert set(parsed) <= set(schema["properties"])
        for measure in parsed.get("tariffs", ()):
            assert set(measure) <= set(schema["$defs"]["Tariff"]["properties"])


def test_the_template_loads():
    case = scenario.load(scenario.template("my-scenario"))
    assert case.id == "my-scenario"
    assert case.evaluate == dt.date(2025, 12, 31)
    assert [measure.id for measure in case.file.tariffs] == ["flat"]
    with pytest.raises(ScenarioError, match="is not a name"):
        scenario.template("My Scenario")


def test_the_template_loads_with_its_comments_taken_as_settings():
    text = scenario.template("my-scenario")
    commented = [
        line for line in text.splitlines() if line.startswith(("# ledger:", "# acts:", "# responses:", "# sweep:"))
    ]
    assert len(commented) == 4
    case = scenario.load(text + "\n".join(line.removeprefix("# ") for line in commented) + "\n")
    assert case.file.ledger is not None
    assert [act.kind for act in case.file.acts] == ["agreement"]
    assert case.file.sweep is not None
    assert case.file.responses["JPN"].counter_measures is not None
