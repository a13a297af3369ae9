"""What a contract still lacks (14 contents of article 23), who may not stand on both sides, whose consent is missing,
and what it may not say (IP Law article 144.2).

Items are data. `block` stops the contract from being drawn up; `warn` is shown and may stand.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.countries import country_name
from deals.choices import Side, TermsRight
from deals.models import Milestone, Party, Terms
from marketplace.kit.names import as_compared

BLOCK, WARN = "block", "warn"


@dataclass(frozen=True)
class Finding:
    """One thing found: the number of the content (0 for the parties), how grave, what to do, and whether it is absent
    (`lacks`) or there and wrong.
    """

    code: str
    content: int
    severity: str
    message: Any
    lacks: bool = False


@dataclass(frozen=True)
class Draft:
    """What is looked at."""

    technology: str
    terms: Terms
    milestones: list[Milestone]
    parties: Mapping[str, Party]
    co_owners: tuple[str, ...] = ()
    #: The tax number of each side's organisation, as it is entered here.
    registered: Mapping[str, str] = field(default_factory=dict)
    #: The country of each side's organisation, as it is entered here.
    countries: Mapping[str, str] = field(default_factory=dict)
    #: Whether the exchange has not said yet to which class by law the technology belongs.
    unclassified: bool = False
    #: Whether the listing says something else than when the exchange last reviewed it.
    changed: bool = False


def _has(name: str) -> Callable[[Draft], bool]:
    return lambda draft: bool(str(getattr(draft.terms, name) or "").strip())


def _price(draft: Draft) -> bool:
    return draft.terms.lump_sum > 0 or draft.terms.has_royalty or bool(draft.milestones)


def _right(draft: Draft) -> bool:
    terms = draft.terms
    return bool(terms.territory.strip()) and (
        terms.right == TermsRight.ASSIGNMENT or (bool(terms.exclusivity) and bool(terms.term_years))
    )


def has_legal_data(party: Party | None) -> bool:
    """Tell whether a side's legal data suffices for the contract."""
    return party is not None and all(getattr(party, name).strip() for name in Party.NEEDED)


def _party(side: str) -> Callable[[Draft], bool]:
    return lambda draft: has_legal_data(draft.parties.get(side))


#: code, number of the content, severity when it is missing, test, what to say.
CONTENTS: tuple[tuple[str, int, str, Callable[[Draft], bool], Any], ...] = (
    ("party.licensor", 0, BLOCK, _party(Side.LICENSOR), _("Complete the supplier's legal data.")),
    ("party.licensee", 0, BLOCK, _party(Side.LICENSEE), _("Complete the buyer's legal data.")),
    ("name", 1, BLOCK, lambda draft: bool(draft.technology.strip()), _("Name the technology.")),
    ("object", 2, BLOCK, lambda draft: bool(draft.terms.object_types), _("Name what is transferred.")),
    ("product", 2, BLOCK, _has("product"), _("Describe the product, its standard and quality.")),
    (
        "right",
        3,
        BLOCK,
        _right,
        _("Say which right is transferred, where, and for a licence how exclusive and how long."),
    ),
    ("method", 4, BLOCK, lambda draft: bool(draft.terms.methods), _("Say how the technology is transferred.")),
    ("price", 6, BLOCK, _price, _("Say the price: a lump sum, payments or a running royalty.")),
    ("definitions", 8, WARN, _has("definitions"), _("No definitions: those of the law will hold.")),
    ("schedule", 9, BLOCK, _has("schedule"), _("Give the plan and schedule of the transfer.")),
    ("place", 9, BLOCK, _has("place"), _("Give the place of the transfer.")),
    ("warranty", 10, WARN, _has("warranty"), _("No warranty is agreed.")),
    ("penalty", 11, WARN, _has("penalty"), _("No contractual penalty is agreed.")),
    ("liability", 12, WARN, _has("liability"), _("No further liability is agreed: that of the law will hold.")),
    ("disputes", 13, BLOCK, _has("dispute_body"), _("Say who settles disputes.")),
    ("other", 14, WARN, _has("other"), _("No other terms.")),
)

#: Every term that the parties write in their own words.
FREE_TEXTS = (
    "territory", "field_of_use", "product", "schedule", "place", "licensor_duties", "licensee_duties", "definitions",
    "warranty", "penalty", "liability", "dispute_detail", "other",
)  # fmt: skip

#: How the texts name the two sides.
_A = r"(?:bên a|bên (?:chuyển )?giao|bên bán|party a|(?:the )?(?:licensor|supplier|transferor))"
_B = r"(?:bên b|bên nhận(?: chuyển giao)?|bên mua|party b|(?:the )?(?:licensee|buyer|transferee|recipient))"
_GIVES = (
    r"(?: (?:phải|có nghĩa vụ|sẽ|cam kết|đồng ý|shall|must|will|undertakes to|agrees to))*"
    r" (?:chuyển|cấp|giao|cung cấp|trao|bàn giao|grant|assign|give|transfer|suppl|provide)"
)
_A_IS_BOUND = rf"\b{_A} (?:không|bị cấm|(?:shall|may|must) not|is prohibited)"
_B_GETS = rf"\b(?:cho|sang|to|for|with) {_B}\b|(?<!cho )(?<!của )(?<!với )(?<!to )\b{_A}{_GIVES}"


@dataclass(frozen=True)
class Prohibition:
    """A clause that the law forbids: `words` give it away in a sentence, `message` says what the law says.

    It is told as `severity` says where the sentence also holds what makes it one (`sure`) and nothing by which it may be
    another (`unsure`); else it is only to be checked, or nothing where `lawful` is there. Where such a clause can be
    lawful in itself it only warns.
    """

    code: str
    severity: str
    words: str
    message: Any
    sure: str = ""
    unsure: str = r"(?!)"
    lawful: str = r"(?!)"

    def looks(self, sentence: str) -> str:
        """Give how grave a sentence is; empty when it is not such a clause."""
        if not re.search(self.words, sentence):
            return ""
        if re.search(self.sure, sentence):
            return WARN if re.search(self.unsure, sentence) else self.severity
        return "" if re.search(self.lawful, sentence) else WARN


PROHIBITED = (
    Prohibition(
        "improvement_ban", BLOCK,
        r"không (?:được|được phép) (?:tự )?(?:cải tiến|phát triển thêm)|cấm (?:bên (?:b|nhận)[^.]{0,30})?cải tiến"
        r"|(?:shall|may|must) not (?:improve|modify or improve)|prohibited from improving",
        _("The buyer may not be forbidden to improve the technology (IP Law, article 144.2)."),
        unsure=_A_IS_BOUND,
    ),
    Prohibition(
        "free_grant_back", BLOCK,
        r"(?:chuyển giao|cấp|giao)[^.]{0,60}miễn phí[^.]{0,60}cải tiến|cải tiến[^.]{0,80}(?:miễn phí|không thu phí|không hoàn lại)"
        r"|improvements?[^.]{0,80}(?:free of charge|without (?:payment|compensation|consideration))"
        r"|(?:free|royalty-free) grant-?back",
        _("Improvements may not be claimed back for nothing (IP Law, article 144.2)."),
        sure=rf"\b(?:cho|về|sang|to|for|with) {_A}\b|(?<!cho )(?<!của )(?<!với )(?<!to )\b{_B}{_GIVES}"
        rf"|cải tiến (?:do|của) {_B}\b|improvements? (?:made |developed )?(?:by|of) {_B}\b|grant-?back",
        unsure=_B_GETS,
        lawful=_B_GETS,
    ),
    Prohibition(
        "export_limit", WARN,
        r"không được (?:phép )?xuất khẩu|cấm xuất khẩu|(?:shall|may|must) not export|export (?:ban|prohibited)",
        _("An export limit is void for places where the supplier has no right or import monopoly (IP Law, article 144.2)."),
    ),
    Prohibition(
        "tied_inputs", WARN,
        r"(?:phải|bắt buộc) mua[^.]{0,60}(?:nguyên liệu|linh kiện|thiết bị|vật tư)[^.]{0,60}(?:bên a|bên giao)"
        r"|(?:shall|must) (?:buy|purchase)[^.]{0,80}(?:materials?|parts?|components?|equipment)[^.]{0,60}from (?:party a|the (?:licensor|supplier))",
        _("Buying inputs from the supplier may be required only to secure quality (IP Law, article 144.2)."),
    ),
    Prohibition(
        "no_challenge", BLOCK,
        r"không được (?:phép )?(?:khiếu nại|khiếu kiện|khởi kiện|phản đối|yêu cầu h(?:ủy|uỷ) bỏ)[^.]{0,60}(?:hiệu lực|quyền sở hữu)"
        r"|(?:shall|may|must) not (?:challenge|contest|dispute)[^.]{0,60}(?:validity|right|ownership|patent)",
        _("The buyer may not be forbidden to challenge the right's validity or its ownership (IP Law, article 144.2)."),
        sure=r"quyền sở hữu|hiệu lực[^.]{0,40}(?:bằng|sáng chế|giải pháp|kiểu dáng|nhãn hiệu|giống cây|quyền|công nghệ|đối tượng)"
        r"|patent|utility solution|industrial design|trade ?mark|intellectual property|\bip\b|ownership"
        rf"|{_A}(?:['’]s)? (?:rights?|title)|(?:rights?|title) (?:of|in|to) (?:{_A}|(?:the )?(?:technology|know-how|invention))"
        r"|(?:licensed|transferred) rights?",
        unsure=rf"phán quyết|bản án|quyết định của (?:tòa|toà|trọng tài|hội đồng)|\baward|judge?ment|tribunal|{_A_IS_BOUND}",
    ),
)  # fmt: skip


def missing_contents(draft: Draft) -> list[Finding]:
    """Give what the 14 contents lack, in their order."""
    return [
        Finding(code, number, severity, message, lacks=True)
        for code, number, severity, holds, message in CONTENTS
        if not holds(draft)
    ]


#: A branch's tax number is that of its legal person (ten digits) with three of its own behind it.
LEGAL_PERSON, BRANCH = 10, 13


def _legal_person(tax_code: str, country: str) -> str:
    digits = re.sub(r"\W", "", tax_code).casefold()
    return digits[:LEGAL_PERSON] if country == "VN" and len(digits) == BRANCH else digits


def party_findings(draft: Draft) -> list[Finding]:
    """Give what is wrong with who stands on the two sides: one legal person, one representative, other data than the
    exchange has, a consent that lacks.
    """
    found = []
    licensor, licensee = draft.parties.get(Side.LICENSOR), draft.parties.get(Side.LICENSEE)
    if licensor is not None and licensee is not None:
        ours, theirs = (_legal_person(one.tax_code, one.country) for one in (licensor, licensee))
        if ours and ours == theirs and licensor.country == licensee.country:
            found.append(Finding("same_tax_code", 0, BLOCK, SAME_TAX_CODE))
        ours, theirs = (as_compared(one.representative) for one in (licensor, licensee))
        if ours and ours == theirs:
            found.append(Finding("same_representative", 0, WARN, SAME_REPRESENTATIVE))
    for side, party in draft.parties.items():
        entered = draft.registered.get(side, "")
        ours, known = _legal_person(party.tax_code, party.country), _legal_person(entered, party.country)
        if ours and known and ours != known:
            message = format_lazy(OTHER_TAX_CODE[side], number=entered)
            found.append(Finding(f"other_tax_code.{side}", 0, WARN, message))
        country = draft.countries.get(side, party.country)
        if party.country != country:
            message = format_lazy(OTHER_COUNTRY[side], country=country_name(country))
            found.append(Finding(f"other_country.{side}", 0, WARN, message))
    if draft.co_owners and not (licensor is not None and licensor.co_owner_consent.strip()):
        message = format_lazy(CO_OWNERS, names=", ".join(draft.co_owners))
        found.append(Finding("co_owner_consent", 0, BLOCK, message, lacks=True))
    return found


def listing_findings(draft: Draft) -> list[Finding]:
    """Give what is to be checked of the facts that come from the listing."""
    found = [Finding("unclassified", 1, WARN, UNCLASSIFIED)] if draft.unclassified else []
    return found + ([Finding("listing_changed", 1, WARN, LISTING_CHANGED)] if draft.changed else [])


UNCLASSIFIED = _(
    "The exchange has not said yet whether this technology is restricted for transfer. A restricted one needs an approval "
    "and a permit, and a banned one is not transferred: ask the exchange first."
)
LISTING_CHANGED = _(
    "The supplier has changed the listing since the exchange reviewed it. Check what the contract takes from it: IP rights, "
    "their owners, state funding."
)
SAME_TAX_CODE = _(
    "Both sides have the same tax number: a contract needs two legal persons (Civil Code, article 385). Correct the "
    "number that is wrong."
)
#: One that is wrong makes the contract one with somebody else, and is seen at the latest when it is registered.
OTHER_TAX_CODE = {
    Side.LICENSOR.value: _(
        "The supplier's tax number is not the one with which the organisation is entered here ({number}). Check which "
        "is right."
    ),
    Side.LICENSEE.value: _(
        "The buyer's tax number is not the one with which the organisation is entered here ({number}). Check which is "
        "right."
    ),
}
#: The countries decide whether the contract must be registered.
OTHER_COUNTRY = {
    Side.LICENSOR.value: _(
        "The supplier's country is not the one with which the organisation is entered here ({country}). The contract must "
        "be registered when either side is abroad: check which is right."
    ),
    Side.LICENSEE.value: _(
        "The buyer's country is not the one with which the organisation is entered here ({country}). The contract must be "
        "registered when either side is abroad: check which is right."
    ),
}
SAME_REPRESENTATIVE = _(
    "Both sides are represented by somebody of the same name. One person may not act for both sides (Civil Code, "
    "article 141.3): if it is one person, let somebody else represent one of them."
)
CO_OWNERS = _(
    "The IP rights also belong to {names}. The supplier names the paper in which they agree: without it the transfer of "
    "a jointly owned right is not registered (IP Law, article 149.4)."
)


def _as_read(text: str) -> str:
    """Give a text as the words of PROHIBITED are written, without what is not seen (soft hyphens, zero-width spaces)."""
    return as_compared("".join(letter for letter in text if unicodedata.category(letter) != "Cf"))


#: Whose duties a text lists, where its sentences name nobody.
_SUBJECT = {"licensor_duties": "bên a", "licensee_duties": "bên b"}


def _sentences(name: str, text: str) -> list[str]:
    """Give the sentences of a free text as they are compared, each with whom it binds where the text is of one side."""
    whose = _SUBJECT.get(name)
    found = [sentence.strip() for sentence in _as_read(text).split(".")]
    named = re.compile(rf"\b(?:{_A}|{_B})\b")
    return [f"{whose} {sentence}" if whose and not named.search(sentence) else sentence for sentence in found]


def prohibited_clauses(terms: Terms, milestones: Iterable[Milestone] = ()) -> list[Finding]:
    """Give the clauses of a licence that article 144.2 of the IP Law makes void, looked for in each free text by itself,
    and those whose words are only like them, to be checked.
    """
    if terms.right != TermsRight.LICENCE:
        return []
    typed = [(name, getattr(terms, name)) for name in FREE_TEXTS] + [("", row.name) for row in milestones]
    sentences = [sentence for name, text in typed if text for sentence in _sentences(name, text)]
    found = []
    for one in PROHIBITED:
        grave = {one.looks(sentence) for sentence in sentences}
        if one.severity in grave:
            found.append(Finding(one.code, 14, one.severity, one.message))
        elif WARN in grave:
            found.append(Finding(one.code, 14, WARN, format_lazy(ONLY_LIKE, rule=one.message)))
    return found


ONLY_LIKE = _("Some words are like those of a forbidden clause: check that they mean something else. {rule}")


def lint(draft: Draft) -> list[Finding]:
    """Give everything found, what blocks first."""
    found = missing_contents(draft) + listing_findings(draft) + party_findings(draft)
    found += prohibited_clauses(draft.terms, draft.milestones)
    return sorted(found, key=lambda finding: (finding.severity != BLOCK, finding.content))
