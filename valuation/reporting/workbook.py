"""The spreadsheet of a report for a licensed valuer: inputs with their sources, each method as live formulae.

Blue figures may be changed; everything else follows. The formulae are the arithmetic at the middle of the inputs
(`valuation.reporting.working`); the last sheet compares them with what the exchange computed. Simulated percentiles
are figures, not formulae, and say so.
"""

import datetime
from typing import Any

from django.utils.translation import gettext

from valuation import presenters
from valuation.methods.statement import (
    COMPARABLE_PRICES,
    COMPARABLE_ROYALTIES,
    COST,
    EXCESS,
    INCREMENTAL,
    RELIEF,
    STAGED,
)
from valuation.methods.types import Timing
from valuation.notice import notice
from valuation.reporting.cells import HEAD, MUTED, Book, Sheet, put_text
from valuation.reporting.words import day, input_name, method, origin, place, source
from valuation.words import SHAPES, UNITS

Content = dict[str, Any]
#: The inputs that are uncertain, in the order of the sheet.
UNCERTAIN = (
    "revenue", "coverage", "royalty", "discount_rate", "decay", "success", "development_cost", "incremental_profit",
    "cost", "margin", "charge", "launch_cost",
)  # fmt: skip
MONEY = {"revenue", "development_cost", "incremental_profit", "cost", "launch_cost"}
BASE = "net sales"


def workbook(content: Content, *, number: str, content_hash: str, made_at: datetime.datetime) -> bytes:
    """Make the spreadsheet of a report in the active language. A report without parameters has inputs only."""
    book = Book()
    book.workbook.properties.creator = content["technology"]["exchange"][place()]
    book.workbook.properties.title = number
    book.workbook.properties.created = book.workbook.properties.modified = made_at.replace(tzinfo=None)
    _cover(book, content, number, content_hash)
    if content["working"] is not None:
        _Valuation(book, content).fill()
    return book.save()


def _cover(book: Book, content: Content, number: str, content_hash: str) -> None:
    sheet = book.sheet(gettext("Read first"), gettext("Report on a suggested price"), [34, 90])
    given, suggestion = content["technology"], content["suggestion"]
    for label, words in (
        (gettext("Number"), number),
        (gettext("Technology"), given["title"]),
        (gettext("Owner"), given["organisation"][place()]),
        (gettext("Valued on"), day(content["inputs"]["valued_on"])),
        (gettext("Seed"), suggestion["seed"]),
        (gettext("SHA-256 of the inputs"), suggestion["input_hash"]),
        (gettext("SHA-256 of the content of this report"), content_hash),
    ):
        sheet.words(label, words)
    sheet.gap()
    sheet.words(notice())
    sheet.gap()
    for line in (
        gettext("Blue figures are inputs and may be changed; black figures are formulae and follow."),
        gettext(
            "The formulae take every input at its middle (P50). Simulated percentiles are figures from the exchange."
        ),
        gettext("The last sheet compares the formulae with what the exchange computed."),
    ):
        sheet.words(line)
    if content["stale"]:
        sheet.gap()
        sheet.words(gettext("These defaults were due for renewal when this report was drawn up:"), font=HEAD)
        for row in content["stale"]:
            sheet.words(row["name"], row["source"], day(row["since"]))


class _Valuation:
    """The sheets that compute; `refs` are references by input, `worth` by method."""

    def __init__(self, book: Book, content: Content) -> None:
        self.book, self.content = book, content
        self.given: dict[str, Any] = content["inputs"]["parameters"]
        self.worked: dict[str, Any] = content["working"]
        self.rows = {row["name"]: row for row in content["inputs"]["rows"]}
        self.figures = {row["key"]: presenters.figure_name(row) for row in content["inputs"]["comparables"]}
        self.refs: dict[str, str] = {}
        self.worth: dict[str, str] = {}
        self.known = set(self.worked["values"])

    def fill(self) -> None:
        inputs = self._inputs()
        self._comparables(inputs)
        self._income()
        if STAGED in self.known or EXCESS in self.known or INCREMENTAL in self.known:
            self._costs_to_come()
        self._others()
        self._reconciliation()

    # Inputs

    def _inputs(self) -> Sheet:
        sheet = self.book.sheet(
            gettext("Inputs"), gettext("Inputs and where they come from"), [40, 18, 18, 18, 16, 20, 12, 18, 60, 6]
        )
        sheet.head(
            gettext("Input"), gettext("Low"), gettext("Most likely"), gettext("High"), gettext("Distribution"),
            gettext("Used (P50)"), gettext("Unit"), gettext("Origin"), gettext("Source"), gettext("Tag"),
        )  # fmt: skip
        for name in UNCERTAIN:
            if name in self.worked["middle"]:
                self._estimate(sheet, name)
        for name in ("comparable_royalty", "comparable_price"):
            if name in self.worked["middle"]:
                sheet.words(input_name(name))
                self.refs[name] = sheet.at("F")
        unused = [row for row in self.content["inputs"]["rows"] if row["name"] not in UNCERTAIN]
        for name, value, unit in (
            ("tax", self.given["tax"], "fraction"),
            ("indicator_multiplier", self.given["indicator_multiplier"], "number"),
            ("maintenance", self.given["maintenance"], "VND"),
            ("launch_time", self.given.get("launch_time") or 0.0, "years"),
            ("tab_life", self.given["tab_life"], "years"),
            ("half_life", self.given["comparable_half_life"], "years"),
        ):
            if value is not None:
                sheet.words(_plain(name))
                self.refs[name] = sheet.value("F", value, unit)
                self._provenance(sheet, name)
        sheet.gap()
        sheet.words(gettext("Other inputs, as shown in the report"), font=HEAD)
        for row in unused:
            if row["name"] == "tax":
                continue
            sheet.words(input_name(row["name"]))
            for column, value in zip("BCD", row["values"], strict=False):
                sheet.value(column, value, row["unit"] if row["unit"] in {"VND", "fraction", "years"} else "")
            self._provenance(sheet, row["name"])
        sheet.gap()
        words = gettext("Valued on %(day)s") % {"day": day(self.content["inputs"]["valued_on"])}
        sheet.words(words, font=MUTED)
        sheet.worksheet.freeze_panes = "B4"
        return sheet

    def _estimate(self, sheet: Sheet, name: str) -> None:
        sheet.words(input_name(name))
        unit = "VND" if name in MONEY else "fraction"
        given = self.given.get(name)
        if name == "royalty" and self.given.get("royalty_estimate"):
            given = self.given["royalty_estimate"]
        assert given is not None
        if "q1" in given:
            for column, key in (("B", "q1"), ("C", "median"), ("D", "q3")):
                sheet.value(column, given[key], unit)
            shape, formula = gettext("quartiles"), sheet.at("C")
        else:
            low, mode, high = (
                sheet.value(column, given[key], unit) for column, key in (("B", "low"), ("C", "mode"), ("D", "high"))
            )
            shape = given["shape"] if given["low"] < given["high"] else "fixed"
            formula = MEDIANS[shape].format(a=low, m=mode, b=high)
        sheet.cell("E").value = str(SHAPES.get(shape, shape))
        self.refs[name] = sheet.formula("F", formula, unit)
        self._provenance(sheet, name)

    def _provenance(self, sheet: Sheet, name: str) -> None:
        row = self.rows.get(name)
        if row is not None:
            from_where = (
                ("G", str(UNITS.get(row["unit"], row["unit"]))),
                ("H", origin(row["origin"])),
                ("I", source(row, self.content["inputs"]["answered"])),
                ("J", row["certainty"]),
            )
            for column, words in from_where:
                put_text(sheet.cell(column), words)

    # Comparables

    def _comparables(self, inputs: Sheet) -> None:
        for code, base, name, unit in (
            (COMPARABLE_ROYALTIES, BASE, "comparable_royalty", "fraction"),
            (COMPARABLE_PRICES, "price", "comparable_price", "VND"),
        ):
            if code in self.known:
                rows = [row for row in self.given["comparables"] if row["base"] == base]
                middle = self._compared(rows, code, unit)
                row = int(self.refs[name].rsplit("$", 1)[1])
                inputs.formula("F", middle, unit, row=row)

    def _compared(self, rows: list[dict[str, Any]], code: str, unit: str) -> str:
        """Lay out comparables with adjustments and weights; give the reference of their weighted median."""
        sheet = self.book.sheet(method(code), method(code), [52, 14, 14, 14, 12, 12, 14, 14, 8, 14, 14, 60])
        sheet.head(
            gettext("Comparable"), gettext("Value"), gettext("Adjustments"), gettext("Adjusted"), gettext("Age (years)"),
            gettext("Likeness"), gettext("Weight"), gettext("Share"), gettext("Rank"), gettext("Sorted value"),
            gettext("Centre of its share"), gettext("Source"),
        )  # fmt: skip
        first, last = sheet.row + 1, sheet.row + len(rows)
        for row in rows:
            sheet.words(self.figures.get(row["key"], row["key"]))
            factor = 1.0
            for one in row["adjustments"].values():
                factor *= one
            value, adjusted = sheet.value("B", row["value"], unit), sheet.value("C", factor, "number")
            sheet.formula("D", f"{value}*{adjusted}", unit)
            age, likeness = sheet.value("E", row["age"], "years"), sheet.value("F", row["similarity"], "number")
            sheet.formula("G", f"{likeness}*0.5^({age}/{self.refs['half_life']})", "number")
            sheet.formula("H", f"{sheet.at('G')}/SUM({sheet.span('G', first, last)})", "fraction")
            here = sheet.row
            ties = f"COUNTIF({sheet.span('D', first, here)},{sheet.at('D')})"
            sheet.formula("I", f'COUNTIF({sheet.span("D", first, last)},"<"&{sheet.at("D")})+{ties}')
            place_ = f"MATCH({here - first + 1},{sheet.span('I', first, last)},0)"
            sheet.formula("J", f"INDEX({sheet.span('D', first, last)},{place_})", unit)
            share = f"INDEX({sheet.span('H', first, last)},{place_})"
            before = "0" if here == first else f"{sheet.at('K', here - 1)}+{sheet.at('N', here - 1)}/2"
            sheet.formula("N", share, "number")
            sheet.formula("K", f"{before}+{sheet.at('N')}/2", "number")
            put_text(sheet.cell("L"), presenters.source_words(row["source"]))
        sheet.cell("N", first - 1).value = gettext("Sorted share")
        sheet.gap()
        centres, values = sheet.span("K", first, last), sheet.span("J", first, last)
        found = ""
        for words, level in (("P10", 0.1), ("P25", 0.25), ("P50", 0.5), ("P75", 0.75), ("P90", 0.9)):
            sheet.words(words)
            reference = sheet.formula("B", _weighted_quantile(level, centres, values, len(rows)), unit)
            found = reference if level == 0.5 else found
        return found

    # Income

    def _income(self) -> None:
        """Sales of the licensee year by year, their worth per unit of royalty, and the royalty methods."""
        sheet = self.book.sheet(method(RELIEF), method(RELIEF), [34, 14, 14, 14, 20, 14, 20, 16, 20, 20])
        r = self.refs
        sheet.head(
            gettext("Year"), gettext("At (years)"), gettext("Part of a year"), gettext("Share of full sales"),
            gettext("Sales"), gettext("Pull left"), gettext("Sales that rest on it"), gettext("Discount factor"),
            gettext("Royalty after tax"), gettext("Present value"),
        )  # fmt: skip
        first, last = sheet.row + 1, sheet.row + len(self.worked["years"])
        for row in self.worked["years"]:
            sheet.words(str(row["year"]))
            time, length = sheet.value("B", row["time"], "years"), sheet.value("C", row["length"], "number")
            profile = sheet.value("D", row["profile"], "number")
            sales = sheet.formula("E", f"{r['revenue']}*{profile}*{length}", "VND")
            left = sheet.formula("F", f"(1-{r['decay']})^{row['year'] - 1}", "number")
            covered = sheet.formula("G", f"{sales}*{r['coverage']}*{left}", "VND")
            factor = sheet.formula("H", f"(1+{r['discount_rate']})^-{time}", "factor")
            royalty = sheet.formula("I", f"{covered}*{r['royalty']}*(1-{r['tax']})*{r['success']}", "VND")
            sheet.formula("J", f"{royalty}*{factor}", "VND")
        sheet.gap()
        empty = last < first

        def total(formula: str) -> str:
            return "0" if empty else formula

        columns = {name: sheet.span(name, first, last) for name in "CDFGHJ"}
        sheet.words(gettext("Present value of the royalty"))
        gross = sheet.formula("J", total(f"SUM({columns['J']})"), "VND")
        factor = "1"
        if self.given["tab_life"] is not None:
            sheet.words(gettext("Factor of the tax amortisation benefit"))
            factor = sheet.formula("J", _tab(r, self.given["timing"]), "factor")
        sheet.words(gettext("Yearly fees after tax, present value"))
        fees = sheet.formula(
            "J", total(f"{r['maintenance']}*(1-{r['tax']})*SUMPRODUCT({columns['C']},{columns['H']})"), "VND"
        )
        sheet.words(gettext("Cost of development now"))
        cost = sheet.formula("J", r.get("development_cost", "0"), "VND")
        sheet.words(gettext("Outgo"))
        r["outgo"] = sheet.formula("J", f"{fees}+{cost}", "VND")
        sheet.words(gettext("Years of full sales, present value"))
        years = total(f"SUMPRODUCT({columns['C']},{columns['D']},{columns['F']},{columns['H']})")
        r["years"] = sheet.formula("J", years, "number")
        sheet.words(gettext("Kept after tax and chance"))
        keep = f"(1-{r['tax']})*{r['success']}*{r['indicator_multiplier']}*{factor}"
        r["keep"] = sheet.formula("J", keep, "number")
        sheet.words(gettext("Worth of 100% of the sales"))
        r["sales"] = sheet.formula("J", f"{r['revenue']}*{r['coverage']}*{r['years']}*{r['keep']}", "VND")
        sheet.gap()
        sheet.words(gettext("Value by this method"), font=HEAD)
        self.worth[RELIEF] = sheet.formula("J", f"{gross}*{r['indicator_multiplier']}*{factor}-{r['outgo']}", "VND")
        if COMPARABLE_ROYALTIES in self.known:
            sheet.words(method(COMPARABLE_ROYALTIES), font=HEAD)
            formula = f"{r['sales']}*{r['comparable_royalty']}-{r['outgo']}"
            self.worth[COMPARABLE_ROYALTIES] = sheet.formula("J", formula, "VND")

    def _costs_to_come(self) -> None:
        """The stages with cost and chance: a cost counts with the chance of reaching it (rNPV)."""
        r, sheet = self.refs, self.book.sheet(method(STAGED), method(STAGED), [40, 14, 18, 16, 16, 16, 20])
        sheet.head(
            gettext("Stage"), gettext("At (years)"), gettext("Cost before tax"), gettext("Chance of passing"),
            gettext("Chance of reaching"), gettext("Discount factor"), gettext("Present value after tax"),
        )  # fmt: skip
        first = sheet.row + 1
        reached = "1"
        for index, gate in enumerate(self.given.get("gates") or (), 1):
            sheet.words(gettext("Stage %(number)d") % {"number": index})
            time, cost = sheet.value("B", gate["time"], "years"), sheet.value("C", gate["cost"], "VND")
            chance = sheet.value("D", gate["probability"], "number")
            here = sheet.formula("E", reached, "number")
            factor = sheet.formula("F", f"(1+{r['discount_rate']})^-{time}", "factor")
            sheet.formula("G", f"{cost}*{here}*{factor}*(1-{r['tax']})", "VND")
            reached = f"{here}*{chance}"
        if "launch_cost" in r:
            sheet.words(gettext("Launch"))
            sheet.formula("B", r["launch_time"], "years")
            cost, chance = sheet.formula("C", r["launch_cost"], "VND"), sheet.formula("E", r["success"], "number")
            factor = sheet.formula("F", f"(1+{r['discount_rate']})^-{sheet.at('B')}", "factor")
            sheet.formula("G", f"{cost}*{chance}*{factor}*(1-{r['tax']})", "VND")
        rows = sheet.span("G", first, max(sheet.row, first))
        sheet.gap()
        sheet.words(gettext("Costs still to come"))
        r["to_come"] = sheet.formula("G", f"SUM({rows})", "VND")
        sheet.words(gettext("Part that the owner bears"))
        bears = "1"
        if not self.given.get("owner_pays") and "margin" in r:
            bears = f"MIN(1,{r['royalty']}/MAX({r['margin']},0.000000001))"
        part = sheet.formula("G", bears, "fraction")
        if STAGED in self.known:
            sheet.gap()
            sheet.words(gettext("Value by this method"), font=HEAD)
            formula = f"{r['sales']}*{r['royalty']}-{part}*{r['to_come']}-{r['outgo']}"
            self.worth[STAGED] = sheet.formula("G", formula, "VND")

    def _others(self) -> None:
        """Excess earnings, incremental profit, cost: one line each, with what they start from."""
        r = self.refs
        licensee = "0" if self.given.get("owner_pays") else r.get("to_come", "0")
        parts: dict[str, list[tuple[str, str, str]]] = {}
        if EXCESS in self.known:
            parts[EXCESS] = [
                (input_name("margin"), r["margin"], "fraction"), (input_name("charge"), r["charge"], "fraction"),
                ("=", f"{r['sales']}*({r['margin']}-{r['charge']})-{licensee}-{r['outgo']}", "VND"),
            ]  # fmt: skip
        if INCREMENTAL in self.known:
            parts[INCREMENTAL] = [
                (input_name("incremental_profit"), r["incremental_profit"], "VND"),
                ("=", f"{r['incremental_profit']}*{r['years']}*{r['keep']}-{licensee}-{r['outgo']}", "VND"),
            ]
        if COST in self.known:
            parts[COST] = [(input_name("cost"), r["cost"], "VND"), ("=", r["cost"], "VND")]
        if COMPARABLE_PRICES in self.known:
            self.worth[COMPARABLE_PRICES] = r["comparable_price"]
        for code, lines in parts.items():
            sheet = self.book.sheet(method(code), method(code), [46, 22])
            for label, formula, unit in lines:
                if label == "=":
                    sheet.gap()
                    sheet.words(gettext("Value by this method"), font=HEAD)
                    self.worth[code] = sheet.formula("B", formula, unit)
                else:
                    sheet.words(label)
                    sheet.formula("B", formula, unit)

    # Reconciliation

    def _reconciliation(self) -> None:
        sheet = self.book.sheet(
            gettext("Reconciliation"), gettext("Reconciliation"), [40, 22, 14, 22, 24, 14, 20, 20, 20]
        )
        sheet.head(
            gettext("Method"), gettext("Value at the middle"), gettext("Weight"), gettext("Weighted"),
            gettext("Computed by the exchange"), gettext("Difference"), gettext("Simulated P10"),
            gettext("Simulated P50"), gettext("Simulated P90"),
        )  # fmt: skip
        bars = {bar["method"]: bar for bar in (self.content["result"] or {}).get("bars", [])}
        first, last = sheet.row + 1, sheet.row + len(self.worth)
        for code, reference in self.worth.items():
            sheet.words(method(code))
            value = sheet.formula("B", reference, "VND")
            weight = sheet.value("C", self.worked["weights"].get(code, 0.0), "fraction")
            sheet.formula("D", f"{value}*{weight}/SUM({sheet.span('C', first, last)})", "VND")
            stored = sheet.value("E", self.worked["values"][code], "VND")
            sheet.formula("F", f"IF({stored}=0,{value},{value}/{stored}-1)", "fraction")
            for column, key in (("G", "p10"), ("H", "p50"), ("I", "p90")):
                if code in bars:
                    sheet.value(column, bars[code][key], "VND")
        sheet.words(gettext("Weighted"), font=HEAD)
        value = sheet.formula("D", f"SUM({sheet.span('D', first, last)})", "VND")
        stored = sheet.value("E", self.worked["reconciled"] or 0.0, "VND")
        sheet.formula("F", f"IF({stored}=0,{value},{value}/{stored}-1)", "fraction")
        sheet.gap()
        sheet.words(gettext("Suggested by the exchange (P10, P50, P90 of the simulation, two significant digits)"))
        sheet.row += 1
        for column, key in (("G", "low"), ("H", "mid"), ("I", "high")):
            if self.content["suggestion"][key] is not None:
                sheet.value(column, float(self.content["suggestion"][key]), "VND")
        sheet.gap()
        sheet.words(gettext("For the licensed valuer: own value"), font=HEAD)
        sheet.words(gettext("Own reasons for another weight or value"), font=MUTED)


#: Medians of the distributions as formulae of low (a), most likely (m) and high (b).
MEDIANS = {
    "fixed": "{m}",
    "triangular": "IF({m}-{a}>=({b}-{a})/2,{a}+SQRT(({b}-{a})*({m}-{a})/2),{b}-SQRT(({b}-{a})*({b}-{m})/2))",
    "pert": "{a}+({b}-{a})*BETAINV(0.5,1+4*({m}-{a})/({b}-{a}),1+4*({b}-{m})/({b}-{a}))",
    "lognormal": "SQRT({a}*{b})",
}


def _weighted_quantile(level: float, centres: str, values: str, count: int) -> str:
    """Linear between the centres of the shares, flat beyond the ends (Hyndman-Fan 5 when the weights are equal)."""
    if count == 1:
        return f"INDEX({values},1)"
    low = f"MATCH({level},{centres},1)"
    c0, c1 = f"INDEX({centres},{low})", f"INDEX({centres},{low}+1)"
    v0, v1 = f"INDEX({values},{low})", f"INDEX({values},{low}+1)"
    inner = f"{v0}+({level}-{c0})/({c1}-{c0})*({v1}-{v0})"
    ends = f"IF({level}>=INDEX({centres},{count}),INDEX({values},{count}),{inner})"
    return f"IF({level}<=INDEX({centres},1),INDEX({values},1),{ends})"


def _tab(r: dict[str, str], timing: str) -> str:
    k, n, tax = r["discount_rate"], r["tab_life"], r["tax"]
    half = f"*SQRT(1+{k})" if timing == Timing.MID_YEAR.value else ""
    return f"1/(1-{tax}/{n}*(1-(1+{k})^-{n})/{k}{half})"


def _plain(name: str) -> str:
    return {
        "tax": input_name("tax"),
        "indicator_multiplier": gettext("Multiplier from patent indicators"),
        "maintenance": gettext("Yearly fees before tax (VND)"),
        "launch_time": gettext("Launch after (years)"),
        "tab_life": gettext("Tax amortisation (years)"),
        "half_life": gettext("Age at which a comparable counts half (years)"),
    }[name]
