"""The words of the contract: 14 contents in two languages, the linter, the PDF."""

import datetime
import io
import unicodedata
from decimal import Decimal

import pypdf
import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts.models import Organisation
from deals import selectors, services
from deals.choices import Side
from deals.legal.contract import HEADINGS
from deals.legal.document import hash_of, render_pdf
from deals.legal.lint import FREE_TEXTS, Draft, lint, prohibited_clauses
from deals.legal.words import amount_in_words, of_day, of_money, of_percent
from deals.lifecycle import DealState
from deals.models import Milestone, Party, Terms
from listings.models import RightOwner
from tests.factories.accounts import OrganisationFactory
from tests.factories.deals import CONSENT, PARTY, SUPPLIER, deal_room, terms
from tests.factories.deals import hash_of as sha256
from tests.factories.listings import IPRightFactory, TechnologyFactory

PARTIES = {
    Side.LICENSOR: Party(side=Side.LICENSOR, legal_name="Trường Mẫu", tax_code="9900000001", country="VN", **SUPPLIER),
    Side.LICENSEE: Party(side=Side.LICENSEE, legal_name="Công ty Mẫu", tax_code="9900000002", country="VN", **PARTY),
}


def draft(*, parties=PARTIES, milestones=(), co_owners=(), **changes) -> Draft:
    return Draft("Lọc asen", Terms(**terms(**changes)), list(milestones), parties, co_owners)


def with_licensor(**changes) -> dict[str, Party]:
    values = {**SUPPLIER, "legal_name": "Trường Mẫu", "tax_code": "9900000001", "country": "VN", **changes}
    return {**PARTIES, Side.LICENSOR: Party(side=Side.LICENSOR, **values)}


def found(of: Draft) -> dict[str, str]:
    return {finding.code: finding.severity for finding in lint(of)}


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_linter_warns_of_what_may_be_missing():
    assert found(draft()) == {"definitions": "warn", "liability": "warn", "other": "warn"}
    assert "penalty" in found(draft(penalty=""))
    assert found(draft(definitions="a", liability="b", other="c")) == {}


@pytest.mark.parametrize(
    ("tax_code", "country", "equal"),
    [
        ("9900000002", "VN", True), ("9900000002-001", "VN", True), (" 99 0000 0002 ", "VN", True),
        ("9900000003", "VN", False), ("9900000002", "JP", False), ("", "VN", False),
    ],
)  # fmt: skip
def test_linter_blocks_one_legal_person_on_both_sides_also_as_its_branch(tax_code, country, equal):
    findings = found(draft(parties=with_licensor(tax_code=tax_code, country=country)))

    assert findings.get("same_tax_code") == ("block" if equal else None)


def test_linter_warns_of_one_name_that_represents_both_sides():
    assert "same_representative" not in found(draft())
    assert found(draft(parties=with_licensor(representative="trần  thị MẪU")))["same_representative"] == "warn"


def test_linter_asks_for_the_consent_of_co_owners_and_the_contract_names_it():
    assert found(draft(co_owners=("Viện Mẫu",)))["co_owner_consent"] == "block"
    [finding] = [row for row in lint(draft(co_owners=("Viện Mẫu",))) if row.code == "co_owner_consent"]
    assert "Viện Mẫu" in str(finding.message)
    assert "co_owner_consent" not in found(
        draft(co_owners=("Viện Mẫu",), parties=with_licensor(co_owner_consent="Văn bản số 5/2026"))
    )


@pytest.mark.django_db
def test_co_owners_are_the_owners_of_rights_in_force_beside_the_two_sides():
    technology = TechnologyFactory(published=True, state_funding_pct=None)
    owner = technology.organisation
    IPRightFactory(technology=technology, owners=[(owner.name_vi.upper(), 60), ("Viện Mẫu", 40)])
    IPRightFactory(
        technology=technology, owners=[(owner.name_vi, 50), ("Viện Cũ", 50)], filing_date=datetime.date(2001, 1, 1),
        grant_date=datetime.date(2003, 1, 1), expiry_date=datetime.date(2021, 1, 1),
    )  # fmt: skip
    room = deal_room(DealState.TERMS_AGREED, technology=technology)
    assert selectors.co_owners(room.running) == ("Viện Mẫu",)
    assert room.running.turn == "both"
    services.save_party(deal=room.running, actor=room.tto, co_owner_consent=" ")
    assert room.running.turn == "licensor"
    services.save_party(deal=room.running, actor=room.tto, co_owner_consent=CONSENT)

    contract = services.generate_contract(deal=room.running, actor=room.tto)
    assert any(CONSENT in pair[0] for pair in contract.text["articles"][0]["paragraphs"])
    services.save_party(deal=room.running, actor=room.tto, co_owner_consent="")
    with pytest.raises(ValidationError, match="Viện Mẫu"):
        services.generate_contract(deal=room.running, actor=room.tto)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("object", {"object_types": []}),
        ("product", {"product": " "}),
        ("right", {"territory": ""}),
        ("right", {"term_years": None}),
        ("method", {"methods": []}),
        ("price", {"lump_sum": Decimal(0), "royalty_pct": Decimal(0)}),
        ("schedule", {"schedule": ""}),
        ("place", {"place": ""}),
        ("disputes", {"dispute_body": ""}),
    ],
)
def test_linter_blocks_a_contract_without_a_needed_content(code, changes):
    assert found(draft(**changes))[code] == "block"


def test_linter_blocks_a_contract_without_both_parties():
    assert found(draft(parties={Side.LICENSOR: PARTIES[Side.LICENSOR]}))["party.licensee"] == "block"


def test_linter_takes_a_payment_as_a_price():
    row = Milestone(kind="milestone", name="Nghiệm thu", amount=Decimal(1))
    assert "price" not in found(draft(lump_sum=Decimal(0), royalty_pct=Decimal(0), milestones=[row]))


@pytest.mark.parametrize(
    ("code", "severity", "words"),
    [
        ("improvement_ban", "block", "Bên B không được cải tiến công nghệ."),
        ("improvement_ban", "block", "Party B shall not improve the technology."),
        ("free_grant_back", "block", "Mọi cải tiến phải chuyển giao cho Bên A miễn phí."),
        ("free_grant_back", "block", "Improvements are assigned to Party A free of charge."),
        ("export_limit", "warn", "Bên B không được xuất khẩu sản phẩm."),
        ("tied_inputs", "warn", "Bên B phải mua nguyên liệu của Bên A."),
        ("no_challenge", "block", "Bên B không được khiếu nại về hiệu lực của bằng sáng chế."),
        ("no_challenge", "block", "Party B may not challenge the validity of the patent."),
    ],
)
def test_linter_finds_clauses_that_the_ip_law_forbids(code, severity, words):
    findings = prohibited_clauses(Terms(**terms(other=words)))
    assert [(finding.code, finding.severity) for finding in findings] == [(code, severity)]
    assert prohibited_clauses(Terms(**terms(right="assignment", exclusivity="", other=words))) == []


@pytest.mark.parametrize(
    "words",
    [
        "Bên B không  được\tcải tiến công nghệ.",
        "Bên B không\nđược cải\r\ntiến công nghệ.",
        unicodedata.normalize("NFD", "Bên B KHÔNG ĐƯỢC CẢI TIẾN công nghệ."),
        "Bên B không\u00a0được cải\u200b \u00adtiến công nghệ.",
    ],
)
def test_linter_finds_a_clause_however_its_letters_and_spaces_are_written(words):
    assert [finding.code for finding in prohibited_clauses(Terms(**terms(other=words)))] == ["improvement_ban"]


@pytest.mark.parametrize("name", FREE_TEXTS)
def test_linter_reads_every_free_text(name):
    assert found(draft(**{name: "Bên B không được cải tiến công nghệ."}))["improvement_ban"] == "block"


def test_linter_knows_every_text_that_the_parties_write():
    written = {field.name for field in Terms._meta.fields if field.get_internal_type() in {"CharField", "TextField"}}
    assert written - {field.name for field in Terms._meta.fields if field.choices} == set(FREE_TEXTS)


def test_linter_reads_the_names_of_payments_and_joins_no_two_texts():
    row = Milestone(kind="milestone", name="Bên B không được cải tiến", amount=Decimal(1))
    assert "improvement_ban" in found(draft(milestones=[row]))
    assert "improvement_ban" not in found(draft(liability="Bên B không được", other="cải tiến"))


@pytest.mark.parametrize(
    ("name", "words", "severity"),
    [
        (
            "dispute_detail",
            "Phán quyết là chung thẩm; các bên không được khiếu nại về hiệu lực của phán quyết.",
            "warn",
        ),
        ("dispute_detail", "The award is final and the parties shall not contest its validity.", "warn"),
        ("dispute_detail", "The parties shall not dispute the right of the tribunal to decide on the patent.", "warn"),
        ("other", "Bên A không được phản đối quyền sở hữu của bên B đối với cải tiến.", "warn"),
        ("other", "Bên B không được phản đối quyền sở hữu của bên A.", "block"),
        ("other", "The buyer may not dispute the rights of the licensor.", "block"),
        ("schedule", "Bên giao chuyển giao miễn phí các bản cải tiến cho bên nhận trong 2 năm.", None),
        ("product", "Improvements by the licensor are supplied to the licensee free of charge", None),
        ("licensor_duties", "Cung cấp miễn phí tài liệu và giao miễn phí các bản cải tiến.", None),
        ("licensee_duties", "Giao miễn phí các bản cải tiến.", "block"),
        ("schedule", "Bên nhận chuyển giao miễn phí các bản cải tiến cho bên giao.", "block"),
        ("schedule", "Bên nhận chuyển giao phải giao các cải tiến miễn phí.", "block"),
        ("schedule", "Các bản cải tiến được giao miễn phí.", "warn"),
        ("schedule", "Improvements made by the licensee are available free of charge.", "block"),
        ("licensor_duties", "Không được cải tiến dây chuyền mẫu.", "warn"),
        ("licensee_duties", "Không được cải tiến dây chuyền.", "block"),
    ],
)
def test_linter_blocks_only_what_is_surely_forbidden_to_the_buyer(name, words, severity):
    findings = prohibited_clauses(Terms(**terms(**{name: words})))
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    with translation.override("en"):
        only_like = [str(finding.message).startswith("Some words are like") for finding in findings]
    assert only_like == [severity == "warn"] * len(findings)


def test_linter_leaves_lawful_clauses_alone():
    words = "Bên B được cải tiến công nghệ; cải tiến thuộc về Bên B. Bên B trả phí đúng hạn."
    assert prohibited_clauses(Terms(**terms(other=words))) == []


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "không"),
        (5, "năm"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (105, "một trăm lẻ năm"),
        (1_000_000, "một triệu"),
        (1_250_000, "một triệu hai trăm năm mươi nghìn"),
        (500_000_000, "năm trăm triệu"),
        (1_005_000_015, "một tỷ không trăm lẻ năm triệu không trăm mười lăm"),
        (24_055_000_000, "hai mươi bốn tỷ không trăm năm mươi lăm triệu"),
    ],
)
def test_amounts_are_written_in_vietnamese_words(amount, words):
    assert amount_in_words(amount) == words


def test_dates_money_and_shares_are_written_in_both_languages():
    assert of_day(datetime.date(2026, 11, 2)) == ["ngày 02 tháng 11 năm 2026", "2 November 2026"]
    assert of_percent(Decimal("3.5000")) == ["3,5%", "3.5%"]
    assert of_percent(Decimal("10.0000")) == ["10%", "10%"]
    assert of_money(Decimal(2_000_000)) == ["2.000.000 đồng (bằng chữ: hai triệu đồng)", "VND 2,000,000"]


@pytest.mark.django_db
def test_contract_pdf_holds_the_14_contents_in_both_languages():
    room = deal_room(DealState.CONTRACT_DRAFTED)
    contract = selectors.current_contract(room.running)
    pdf = contract.file.read()
    text = text_of(pdf)
    for number, (vi, en) in enumerate(HEADINGS, 1):
        assert f"Điều {number}. " in text
        assert f"Article {number}. " in text
        assert [article["heading"] for article in contract.text["articles"]][number - 1] == [vi, en]
    assert len(contract.text["articles"]) == 14
    assert "HỢP ĐỒNG CHUYỂN GIAO CÔNG NGHỆ" in text
    assert "Technology transfer contract" in text
    assert "năm trăm triệu" in text
    assert contract.text_hash[:16] in text
    assert contract.sha256 == sha256(pdf)
    assert contract.text_hash == hash_of(contract.text)


@pytest.mark.django_db
def test_vietnamese_side_of_the_contract_is_vietnamese():
    room = deal_room(DealState.CONTRACT_DRAFTED)
    contract = selectors.current_contract(room.running)
    price = contract.text["articles"][5]["paragraphs"]
    assert ["Phí kỳ vụ: 3,5% doanh thu thuần.", "Running royalty: 3.5% of net revenue."] in price
    assert contract.text["articles"][1]["paragraphs"][1] == [
        "Hình thức chuyển giao: chuyển giao công nghệ độc lập.",
        "Form of transfer: independent technology transfer.",
    ]
    sentences = [pair for article in contract.text["articles"] for pair in article["paragraphs"]]
    for vi, en in sentences:
        assert vi == en or not {" the ", " of ", " and ", " with "} & {f" {word} " for word in vi.split()}


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["vi", "en"])
def test_rights_are_named_in_both_languages_whoever_draws_up(language):
    room = deal_room(DealState.TERMS_AGREED)
    IPRightFactory(technology=room.technology, kind="utility_solution", office="VN", number="2-0001234")
    with translation.override(language):
        contract = services.generate_contract(deal=room.running, actor=room.tto)
    assert contract.text["articles"][0]["paragraphs"][2] == [
        "Quyền sở hữu trí tuệ liên quan: Giải pháp hữu ích VN 2-0001234.",
        "Related intellectual property rights: Utility solution VN 2-0001234.",
    ]


@pytest.mark.django_db
def test_same_text_moment_and_hash_give_the_same_pdf():
    contract = selectors.current_contract(deal_room(DealState.CONTRACT_DRAFTED).running)
    again = render_pdf(contract.text, at=contract.generated_at, text_hash=contract.text_hash)
    assert again == contract.file.read()


def test_what_people_type_is_never_markup():
    pair = ['#include "/etc/passwd" *đậm* <script>alert(1)</script> $x$ \\ @a', "b"]
    text = {
        "kind": "nda", "number": "1", "title": ["Thử", "Test"], "preamble": [pair], "parties": [], "articles": [],
        "closing": [], "signatures": [], "footer": ["a", "b"],
    }  # fmt: skip
    pdf = render_pdf(text, at=datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC), text_hash="0" * 64)
    shown = text_of(pdf).replace(" ", "")
    assert '#include"/etc/passwd"*đậm*<script>alert(1)</script>$x$\\@a' in shown


@pytest.mark.django_db
def test_new_version_supersedes_and_asks_both_sides_anew():
    room = deal_room(DealState.CONTRACT_DRAFTED)
    first = selectors.current_contract(room.running)
    services.accept_contract(
        deal=room.running, actor=room.signatory, sha256=first.sha256, typed_name=room.signatory.full_name
    )
    second = services.generate_contract(deal=room.running, actor=room.tto)
    assert (second.version, second.acceptances.count(), room.running.state) == (2, 0, DealState.CONTRACT_DRAFTED)
    first.refresh_from_db()
    assert first.superseded_at is not None
    assert [row.version for row in selectors.contract_versions(room.running)] == [2, 1]


@pytest.mark.parametrize(
    ("typed", "remarked"),
    [("9900000001", False), ("9900000001-002", False), (" 99 0000 0001", False), ("9900000002", True), ("", False)],
)
def test_linter_remarks_a_tax_number_that_is_not_the_one_entered_here(typed, remarked):
    parties = with_licensor(tax_code=typed)
    known = Draft("Lọc asen", Terms(**terms()), [], parties, registered={"licensor": "9900000001", "licensee": ""})
    assert found(known).get("other_tax_code.licensor") == ("warn" if remarked else None)
    assert "other_tax_code.licensee" not in found(known)


def test_linter_remarks_a_country_that_is_not_the_one_entered_here():
    known = Draft("Lọc asen", Terms(**terms()), [], PARTIES, countries={"licensor": "JP", "licensee": "VN"})
    assert found(known)["other_country.licensor"] == "warn"
    assert "other_country.licensee" not in found(known)
    with translation.override("en"):
        [message] = [str(one.message) for one in lint(known) if one.code == "other_country.licensor"]
    assert "(Japan)" in message


@pytest.mark.django_db
@pytest.mark.parametrize(("legal_class", "remarked"), [("unknown", True), ("none", False), ("encouraged", False)])
def test_linter_remarks_a_technology_that_the_exchange_did_not_classify(client, legal_class, remarked):
    technology = TechnologyFactory(published=True, state_funding_pct=None, legal_class=legal_class)
    room = deal_room(DealState.TERMS_AGREED, technology=technology)
    Organisation.objects.filter(pk=room.licensee.pk).update(country="JP", province=None)
    client.force_login(room.buyer)
    page = client.get(f"/en/deals/{room.running.pk}/contract/")
    codes = {finding.code for finding in page.context["findings"]}
    assert ("unclassified" in codes) is remarked
    assert [finding.code for finding in page.context["own_remarks"]] == ["other_country.licensee"]


@pytest.mark.django_db
def test_names_are_read_in_english_where_there_are_english_ones_and_stated_in_the_contract_as_typed():
    technology = TechnologyFactory(published=True, state_funding_pct=None)
    institute = OrganisationFactory(name_vi="Viện Cơ điện", name_en="Institute of Electromechanics")
    right = IPRightFactory(
        technology=technology, owners=[(technology.organisation.name_vi, 60), (institute.name_vi, 30), ("Bà Lê", 10)]
    )
    RightOwner.objects.filter(right=right, name=institute.name_vi).update(organisation=institute)
    room = deal_room(DealState.TERMS_AGREED, technology=technology)
    with translation.override("en"):
        assert selectors.co_owners(room.running) == ("Bà Lê", "Viện Cơ điện")
        assert selectors.co_owners(room.running, as_read=True) == ("Bà Lê", "Institute of Electromechanics")
        parties = selectors.parties_of(room.running)
        assert parties["licensee"].shown_name == room.licensee.name_en
        contract = services.generate_contract(deal=room.running, actor=room.tto)
    assert "Viện Cơ điện" in str(contract.text["articles"][0])
    assert "Institute of Electromechanics" not in str(contract.text)
    assert selectors.parties_of(room.running)["licensee"].shown_name == room.licensee.name_vi
