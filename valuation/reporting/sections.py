"""The sections of a report, one function each, in the order of its skeleton."""

from typing import Any

from django.utils.translation import gettext, ngettext

from valuation import presenters
from valuation.methods.reconcile import round_significant
from valuation.models import Certificate, Reason
from valuation.reporting import charts
from valuation.reporting.words import (
    STANDINGS,
    amount,
    because,
    day,
    figure,
    input_name,
    ip_kind,
    ip_status,
    method,
    origin,
    percent,
    place,
    right_offered,
    share,
    source,
    values_of,
)
from valuation.rule_words import UNFED
from valuation.words import CONVENTIONS, GRADES, PARTS

Block = dict[str, Any]
Content = dict[str, Any]


def all_of(content: Content, *, number: str, content_hash: str) -> list[tuple[str, list[Block]]]:
    """Give (heading, blocks) in order; a section without blocks is left out by the caller."""
    return [
        (gettext("The technology and its rights"), technology(content)),
        (gettext("Purpose and basis of value"), purpose(content)),
        (gettext("How it is used: the scenario"), scenario(content)),
        (gettext("Data and sources"), data(content)),
        (gettext("Methods used and rejected"), methods(content)),
        (gettext("Calculation at the middle of the inputs"), calculation(content)),
        (gettext("Reconciliation"), reconciliation(content)),
        (gettext("Range, sensitivity and simulation"), spread(content)),
        (gettext("Ways to pay that are worth the same"), payment(content)),
        (gettext("Confidence grade"), grade(content)),
        (gettext("Certified values"), certified(content)),
        (gettext("Limits"), limits(content)),
        (gettext("Reproduction and verification"), reproduction(content, number, content_hash)),
        (gettext("Signatures"), signatures()),
    ]


def text(words: str) -> Block:
    """Give a paragraph."""
    return {"kind": "text", "text": words}


def small(words: str) -> Block:
    """Give a remark."""
    return {"kind": "small", "text": words}


def table(head: list[str], rows: list[list[str]], widths: list[float], align: str) -> Block:
    """Give a table; `align` has l or r for each column."""
    assert all(len(row) == len(head) for row in rows), "a row and the head of a table differ in length"
    return {"kind": "table", "head": head, "rows": rows, "widths": widths, "align": list(align)}


def technology(content: Content) -> list[Block]:
    """What is valued: the technology, its owner and its rights."""
    given = content["technology"]
    offered = ", ".join(right_offered(code) for code in given["rights_offered"]) or "–"
    facts = [
        [gettext("Technology"), given["title"]],
        [gettext("Owner"), given["organisation"][place()]],
        [gettext("Field"), given["field"][place()] if given["field"] else "–"],
        [gettext("Readiness"), f"TRL {given['trl']}" if given["trl"] else "–"],
        [gettext("Evidence of readiness"), given["trl_evidence"] or "–"],
        [gettext("Rights offered"), offered],
        [gettext("Territory"), given["territory"] or "–"],
        [gettext("State funding"), percent(given["state_funding_pct"])],
        [gettext("Price wished by the owner"), _wish(given)],
    ]
    blocks: list[Block] = [{"kind": "facts", "rows": facts}]
    if given["summary"]:
        blocks.append(text(given["summary"]))
    if not given["rights"]:
        return [*blocks, text(gettext("No registered right is stated."))]
    head = [
        gettext("Right"),
        gettext("Number"),
        gettext("Status"),
        gettext("Filed"),
        gettext("Ends"),
        gettext("Owners"),
    ]
    rows = [
        [
            ip_kind(right["kind"]), f"{right['office']} {right['number']}".strip(), ip_status(right["status"]),
            day(right["filed"]), day(right["expires"]),
            ", ".join(f"{owner['name']} ({percent(owner['share'])})" for owner in right["owners"]) or "–",
        ]
        for right in given["rights"]
    ]  # fmt: skip
    return [*blocks, table(head, rows, [1.3, 1.3, 1, 1, 1, 2.2], "llllll")]


def _wish(given: dict[str, Any]) -> str:
    ends = [amount(value) for value in (given["price_min"], given["price_max"]) if value is not None]
    return " – ".join(dict.fromkeys(ends)) or "–"


def purpose(content: Content) -> list[Block]:
    """What the figure is for, of what it is the value, and as of which day."""
    return [
        text(
            gettext(
                "A suggested price for two sides who negotiate the transfer of this technology. It is computed by "
                "published rules from the inputs shown; nobody's judgement was added."
            )
        ),
        {"kind": "facts", "rows": [
            [gettext("What the figure is"), gettext(
                "A lump sum paid today for the whole remaining life, by one licensee with the revenue stated, "
                "after tax on what it earns; without official fees"
            )],
            [gettext("Currency"), gettext("Vietnamese đồng (VND)")],
            [gettext("Valued on"), day(content["inputs"]["valued_on"])],
            [gettext("Computed on"), day(content["suggestion"]["created_at"])],
            [gettext("Standards followed in form"), gettext(
                "Circular 37/2024/TT-BTC; Law on Technology Transfer, article 27; IVS 105 and 210; DIN 77100. "
                "No conformity is claimed: that takes a licensed person."
            )],
        ]},
    ]  # fmt: skip


def scenario(content: Content) -> list[Block]:
    """The use that is assumed, in a sentence each."""
    rows = {row["name"]: row for row in content["inputs"]["rows"]}
    if "revenue" not in rows:
        return [text(gettext("No scenario can be drawn: the owner has not stated what a licensee may earn."))]
    sentences = (
        ("revenue", gettext("A licensee sells for %(value)s in a full year.")),
        ("coverage", gettext("%(value)s of these sales rest on the technology.")),
        ("launch_delay", gettext("The first sales come after %(value)s.")),
        ("ramp", gettext("Sales start with %(value)s of a full year.")),
        ("legal_life", gettext("The legal protection that ends first lasts %(value)s more.")),
        ("economic_life", gettext("The technology earns for %(value)s at most.")),
        ("decay", gettext("Its pull falls by %(value)s a year as alternatives come.")),
        ("success", gettext("It reaches the market with a chance of %(value)s.")),
    )
    items = [words % {"value": values_of(rows[name])} for name, words in sentences if name in rows]
    return [{"kind": "list", "items": items}]


def data(content: Content) -> list[Block]:
    """Every input with value, origin and source; the comparables; what is out of date."""
    blocks: list[Block] = []
    if content["stale"]:
        listed = "\n".join(f"{row['name']}: {row['source']} ({day(row['since'])})" for row in content["stale"])
        warning = gettext("These defaults were due for renewal when this report was drawn up:")
        blocks.append({"kind": "warning", "text": f"{warning}\n{listed}"})
    rows = content["inputs"]["rows"]
    unconfirmed = [row for row in rows if row["certainty"] == "B"]
    if rows:
        head = [gettext("Input"), gettext("Value"), gettext("Origin"), gettext("Source"), gettext("Tag")]
        cells = [
            [
                input_name(row["name"]),
                values_of(row),
                origin(row["origin"]),
                source(row, content["inputs"]["answered"]),
                row["certainty"] or "–",
            ]
            for row in rows
        ]
        blocks.append(table(head, cells, [2, 1.9, 1.2, 3, 0.5], "lllll"))
        blocks.append(small(
            ngettext(
                "%(count)d input rests on judgement or on a source that was not read yet (tag B).",
                "%(count)d inputs rest on judgement or on sources that were not read yet (tag B).",
                len(unconfirmed),
            ) % {"count": len(unconfirmed)}
        ))  # fmt: skip
    found = (content["result"] or {}).get("comparables", {}).get("comparable_royalties")
    weights = {row["key"]: row for row in found["rows"]} if found else {}
    if content["inputs"]["comparables"]:
        head = [
            gettext("Comparable"), gettext("Royalty"), gettext("Adjusted"), gettext("Likeness"), gettext("Weight"),
            gettext("Source"),
        ]  # fmt: skip
        cells = [
            [
                presenters.figure_name(row), share(row["value"]),
                share(weights[row["key"]]["adjusted"]) if row["key"] in weights else "–", share(row["similarity"], 0),
                share(weights[row["key"]]["weight"], 0) if row["key"] in weights else "–",
                presenters.cited(row),
            ]
            for row in content["inputs"]["comparables"]
        ]  # fmt: skip
        blocks.append(table(head, cells, [1.8, 0.8, 0.9, 0.9, 0.8, 3], "lrrrrl"))
    return blocks


def methods(content: Content) -> list[Block]:
    """Each known method, whether it was used, and why or why not."""
    result = content["result"]
    if result is None:
        return [text(gettext("No method could be used: answers are missing."))]
    weights = {bar["method"]: bar["weight"] for bar in result["bars"]}
    ladder = result["ladder"]
    head = [gettext("Method"), gettext("Standing"), gettext("Weight"), gettext("Why")]
    rows = [
        [
            method(rung["method"]), str(STANDINGS[rung["state"]]), share(weights.get(rung["method"]) or None, 0),
            because(rung["reason"]),
        ]
        for rung in ladder
    ]  # fmt: skip
    return [
        table(head, rows, [1.6, 0.9, 0.7, 3.6], "llrl"),
        small(gettext("The 25% rule, patent indicators alone and a single number are never used as a method.")),
    ]


def calculation(content: Content) -> list[Block]:
    """The yearly table of the royalty method and the value of each method, all inputs at their middle."""
    worked = content["working"]
    if worked is None:
        return []
    blocks = [
        text(gettext("Every input at its middle (P50). The spreadsheet of this report holds the same as formulae."))
    ]
    if worked["years"]:
        head = [
            gettext("Year"), gettext("At (years)"), gettext("Sales"), gettext("Pull left"), gettext("Royalty after tax"),
            gettext("Discount factor"), gettext("Present value"),
        ]  # fmt: skip
        rows = [
            [
                str(row["year"]), figure(row["time"], 2), amount(row["sales"]), share(row["survival"], 0),
                amount(row["royalty"]), figure(row["factor"], 4), amount(row["present"]),
            ]
            for row in worked["years"]
        ]  # fmt: skip
        rows.append([gettext("Sum"), "", "", "", "", "", amount(sum(row["present"] for row in worked["years"]))])
        blocks.append(table(head, rows, [0.6, 0.8, 1.3, 0.8, 1.4, 1, 1.3], "rrrrrrr"))
        blocks.append(small(
            gettext("Royalty %(royalty)s, part %(coverage)s, chance %(success)s, discount rate %(rate)s, tax %(tax)s.")
            % {
                "royalty": share(worked["middle"]["royalty"]), "coverage": share(worked["middle"]["coverage"]),
                "success": share(worked["middle"]["success"]), "rate": share(worked["middle"]["discount_rate"]),
                "tax": share(content["inputs"]["parameters"]["tax"]),
            }
        ))  # fmt: skip
    head = [gettext("Method"), gettext("Value at the middle"), gettext("Weight")]
    rows = [
        [method(code), amount(value), share(worked["weights"].get(code), 0)] for code, value in worked["values"].items()
    ]
    if worked["reconciled"] is not None:
        rows.append([gettext("Weighted"), amount(worked["reconciled"]), ""])
    return [*blocks, table(head, rows, [2, 1.4, 1], "lrr")]


def reconciliation(content: Content) -> list[Block]:
    """The methods on one axis and how they become one range."""
    result = content["result"]
    if result is None:
        return []
    rows = [
        {
            "label": method(bar["method"]), "used": bar["weight"] > 0,
            **{end: round_significant(bar[key]) for end, key in (("low", "p10"), ("mid", "p50"), ("high", "p90"))},
        }
        for bar in result["bars"]
    ]  # fmt: skip
    wished = content["technology"]["price_min"] or content["technology"]["price_max"]
    marks = [(gettext("Wished: %(amount)s") % {"amount": amount(wished)}, float(wished))] if wished else []
    words = "; ".join(
        f"{row['label']}: {amount(row['low'])}, {amount(row['mid'])}, {amount(row['high'])}" for row in rows
    )
    blocks = [
        {
            "kind": "svg", "svg": charts.ranges(rows, write=amount, marks=marks), "alt": words,
            "caption": gettext("Each method on one scale: P10, P50, P90"),
        },
        text(gettext(
            "The range is the mixture of the methods by their weights. The weights are a judgement of the exchange: the "
            "income method counts more because it rests on this technology's own figures."
        )),
    ]  # fmt: skip
    if result["spread"] is not None:
        blocks.append(text(
            gettext("The middles of the weighted methods differ %(spread)s times; above %(most)s times no price is named.")
            % {"spread": figure(result["spread"], 2), "most": figure(content["inputs"]["parameters"]["most_spread"], 0)}
        ))  # fmt: skip
    return blocks


def spread(content: Content) -> list[Block]:
    """What is suggested, the percentiles with their standard errors, what moves the middle most."""
    result, suggestion = content["result"], content["suggestion"]
    blocks: list[Block] = []
    if suggestion["mid"] is None:
        reasons = [str(Reason(code).label) for code in suggestion["no_price"]]
        instead = gettext(
            "Share the uncertainty instead: an option with a small fee now, or payments at milestones and a running royalty."
        )
        blocks.append({"kind": "warning", "text": "\n".join([*reasons, instead])})
    else:
        blocks.append(text(
            gettext("%(low)s – %(high)s in 80%% of the simulations, with %(mid)s in the middle, to two significant digits.")
            % {name: amount(suggestion[name]) for name in ("low", "mid", "high")}
        ))  # fmt: skip
    if result is None:
        return blocks
    pooled = result["pooled"]
    head = [gettext("Percentile"), gettext("Value"), gettext("Standard error")]
    rows = [
        [f"P{level * 100:.0f}", amount(round_significant(value, 3)), amount(round_significant(error, 2))]
        for level, value, error in zip(pooled["levels"], pooled["values"], pooled["standard_errors"], strict=True)
        if level in {0.05, 0.1, 0.5, 0.9, 0.95}
    ]
    blocks.append(table(head, rows, [1, 1.6, 1.6], "lrr"))
    drivers = [
        {
            "label": input_name(row["name"]),
            "low": min(row["value_low"], row["value_high"]), "mid": row["value_mid"],
            "high": max(row["value_low"], row["value_high"]),
        }
        for row in result["tornado"]
    ]  # fmt: skip
    if drivers:
        words = "; ".join(f"{row['label']}: {amount(row['low'])} – {amount(row['high'])}" for row in drivers)
        blocks.append({
            "kind": "svg", "alt": words, "svg": charts.ranges(drivers, write=lambda value: amount(round_significant(value))),
            "caption": gettext("The middle value when one input moves from its P10 to its P90 and the others stay"),
        })  # fmt: skip
        head = [gettext("Input"), gettext("If it is lower"), gettext("If it is higher"), gettext("Rank correlation")]
        cells = [
            [
                input_name(row["name"]), _change(row["effect_low"]), _change(row["effect_high"]),
                figure(result["rank_correlation"].get(row["name"]), 2),
            ]
            for row in result["tornado"]
        ]  # fmt: skip
        blocks.append(table(head, cells, [2, 1.2, 1.2, 1.2], "lrrr"))
    return blocks


def payment(content: Content) -> list[Block]:
    """The payment forms of article 27 at equal present value; without a price, terms that share the uncertainty."""
    result = content["result"] or {}
    rows = [[row["label"], row["what"], row["value"]] for row in presenters.form_rows(result)]
    if rows:
        head = [gettext("Form"), gettext("How"), gettext("Equal to")]
        return [table(head, rows, [1.4, 1.6, 2], "lll")]
    found = presenters.proposal_of(result)
    if found is None:
        return []
    facts = [
        [gettext("Option fee now"), found["option_fee"]],
        [gettext("Price at which it is then bought"), found["exercise_price"]],
        [gettext("The option stays open for"), found["option_years"]],
        [gettext("Or on signing"), found["signing"]],
        [
            gettext("and after the first year of sales (in about %(years)s, chance %(chance)s)")
            % {"years": found["milestone_years"], "chance": found["milestone_chance"]},
            found["milestone"],
        ],
        [gettext("and a royalty on net revenue of"), found["royalty"]],
    ]
    return [{"kind": "facts", "rows": [[label, words] for label, words in facts if words]}]


def _change(effect: float | None) -> str:
    if effect is None:
        return "–"
    return ("+" if effect >= 0 else "−") + share(abs(effect), 0)


def grade(content: Content) -> list[Block]:
    """The letter, its parts and the rule that is published."""
    if content["result"] is None:
        return []
    given, rule = content["result"]["grade"], content["inputs"]["parameters"]["grade_rule"]
    head = [gettext("Part"), gettext("Mark"), gettext("Share of the grade")]
    rows = [
        [str(PARTS[part["name"]]), share(part["score"], 0), share(part["share"], 0)] for part in given["components"]
    ]
    rows.append([gettext("In all"), share(given["score"], 0), ""])
    meaning = f"{given['letter']}: {GRADES[given['letter']]}."
    cuts = gettext("The rule: A from %(a)s, B from %(b)s, C from %(c)s, else D.") % {
        letter: share(rule[f"cut_{letter}"], 0) for letter in "abc"
    }
    blocks = [text(meaning), table(head, rows, [3, 1, 1.4], "lrr")]
    if all(part["name"] != UNFED for part in given["components"]):
        blocks.append(small(gettext(
            "Patent indicators are not known for this technology and are left out; the parts above share the whole among "
            "them."
        )))  # fmt: skip
    return [*blocks, small(cuts)]


def certified(content: Content) -> list[Block]:
    """Certificates of licensed firms that everyone may see: beside the suggestion, never part of it."""
    rows = [
        [
            row["firm"][place()], row["number"], f"{figure(row['value'])} {row['currency']}",
            str(Certificate.Basis(row["basis"]).label), day(row["valued_on"]), day(row["valid_until"]),
        ]
        for row in content["certificates"]
    ]  # fmt: skip
    if not rows:
        return []
    head = [
        gettext("Firm"), gettext("Certificate"), gettext("Value"), gettext("Basis"), gettext("Value as of"),
        gettext("Valid until"),
    ]  # fmt: skip
    return [
        table(head, rows, [2, 1.3, 1.5, 1.2, 1, 1], "llrlll"),
        small(gettext("They did not enter the computation.")),
    ]


def limits(content: Content) -> list[Block]:
    """What the figure is not and what it leaves out."""
    items = [
        gettext("The figures of the owner were not audited; each input says where it comes from."),
        gettext("The simulation spreads the inputs that are uncertain; it does not know what nobody stated."),
        gettext("The chance of success carries technical failure; the discount rate carries none of it."),
        gettext("The remaining life ends with the earlier of legal protection and economic use; extensions are not assumed."),
        gettext("What the owner would settle for is not part of this report."),
        gettext("Where state capital or related parties are involved, the law asks for a certificate of a licensed "
                "appraiser or an audit of the price before signing; this report is neither."),
    ]  # fmt: skip
    return [{"kind": "list", "items": items}]


def reproduction(content: Content, number: str, content_hash: str) -> list[Block]:
    """With what the figures can be computed again, and how to verify a copy."""
    given = content["suggestion"]
    conventions = {k: v for k, v in ((content["result"] or {}).get("conventions") or {}).items() if v}
    facts = [
        [gettext("Number"), number],
        [gettext("Seed"), str(given["seed"])],
        [gettext("Simulated paths"), figure(given["paths"])],
        [gettext("Versions"), ", ".join(f"{name} {value}" for name, value in sorted(given["versions"].items()))],
        [gettext("Conventions"), "; ".join(str(CONVENTIONS.get(one, one)) for one in conventions.values()) or "–"],
    ]
    return [
        {"kind": "facts", "rows": facts},
        small(gettext("SHA-256 of the inputs")),
        {"kind": "code", "text": given["input_hash"]},
        small(gettext("SHA-256 of the content of this report")),
        {"kind": "code", "text": content_hash},
        text(gettext(
            "The exchange keeps the inputs and computes the figures from them again on request: enter the number of this "
            "report on the page “Verify a report”. The page says whether inputs, figures and files are unchanged."
        )),
    ]  # fmt: skip


def signatures() -> list[Block]:
    """Where those who take note sign."""
    return [
        small(gettext("Drawn up by machine and valid without a signature; those who take note of it may sign here.")),
        {"kind": "signatures", "columns": [
            [gettext("Owner of the technology"), gettext("took note; name, position, date")],
            [gettext("Interested company"), gettext("took note; name, position, date")],
        ]},
    ]  # fmt: skip
