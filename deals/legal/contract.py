"""The technology transfer contract: the 14 contents of article 23 of Law 07/2017/QH14, in Vietnamese and English.

Version 3 of the template (2 named the rights in one language, 1 also had no consent of co-owners, and set the country
in brackets). Clauses come from the structured terms; what the parties typed is quoted as typed.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from accounts.countries import country_name
from deals.choices import DisputeBody, Exclusivity, Frequency, MilestoneKind, RoyaltyBase, TermsRight, TransferForm
from deals.legal.document import Text
from deals.legal.words import Pair, of_choice, of_choices, of_day, of_money, of_percent
from deals.models import Milestone, Party, Terms
from listings.choices import ObjectType, TransferMethod

VERSION = 3

#: The 14 contents, in the order of the article, as the contract's headings.
HEADINGS: tuple[tuple[str, str], ...] = (
    ("Tên công nghệ được chuyển giao", "Name of the transferred technology"),
    ("Đối tượng công nghệ, sản phẩm, tiêu chuẩn và chất lượng", "Object of transfer, product, standards and quality"),
    ("Quyền được chuyển giao", "Rights transferred"),
    ("Phương thức chuyển giao công nghệ", "Method of transfer"),
    ("Quyền và nghĩa vụ của các bên", "Rights and obligations of the parties"),
    ("Giá và phương thức thanh toán", "Price and payment"),
    ("Thời hạn và thời điểm có hiệu lực của hợp đồng", "Term and effective time of the contract"),
    ("Khái niệm, thuật ngữ", "Definitions"),
    ("Kế hoạch, tiến độ và địa điểm chuyển giao", "Plan, schedule and place of the transfer"),
    ("Trách nhiệm bảo hành công nghệ", "Warranty for the technology"),
    ("Phạt vi phạm hợp đồng", "Contractual penalty"),
    ("Trách nhiệm do vi phạm hợp đồng", "Liability for breach of contract"),
    ("Cơ quan giải quyết tranh chấp", "Settlement of disputes"),
    ("Các thỏa thuận khác", "Other agreements"),
)

BASES: dict[str, Pair] = {
    RoyaltyBase.NET_SELLING_PRICE: [
        "Giá bán tịnh là giá bán ghi trên hóa đơn trừ thuế giá trị gia tăng, thuế tiêu thụ đặc biệt, thuế xuất khẩu, "
        "chi phí mua bán thành phẩm, phụ tùng, linh kiện mua ngoài, chi phí bao bì, vận chuyển và quảng cáo.",
        "Net selling price is the invoiced price less value added tax, excise, export duty, bought-in products and "
        "parts, packaging, transport and advertising.",
    ],
    RoyaltyBase.NET_REVENUE: [
        "Doanh thu thuần là doanh thu bán sản phẩm tạo ra bằng công nghệ trừ chiết khấu thương mại, giảm giá hàng bán "
        "và hàng bán bị trả lại.",
        "Net revenue is revenue from products made with the technology less trade discounts, sales allowances and "
        "returns.",
    ],
    RoyaltyBase.PRETAX_PROFIT: [
        "Lợi nhuận trước thuế là doanh thu thuần trừ chi phí hợp lý để sản xuất sản phẩm tạo ra bằng công nghệ đã bán.",
        "Profit before tax is net revenue less the reasonable costs of making the products sold that were made with "
        "the technology.",
    ],
}


@dataclass(frozen=True)
class Facts:
    """What the text says beside the terms: everything that can change it, and nothing else."""

    number: str
    technology: str
    rights: tuple[Pair, ...]  # as they are named in both languages
    co_owners: tuple[str, ...]
    drafted_on: datetime.date
    flow: str
    must_register: bool
    restricted: bool | None  # None: not classified yet
    price_audit: bool


def build(*, facts: Facts, terms: Terms, milestones: list[Milestone], licensor: Party, licensee: Party) -> Text:
    """Give the text of the contract."""
    bodies = (
        _name(facts, licensor),
        _object(terms),
        _rights(terms, facts),
        _methods(terms),
        _duties(terms),
        _price(terms, milestones, facts),
        _term(terms, facts),
        _definitions(terms),
        _plan(terms),
        _as_typed(terms.warranty, "bảo hành công nghệ", "warranty for the technology"),
        _as_typed(terms.penalty, "phạt vi phạm", "a contractual penalty"),
        _liability(terms),
        _disputes(terms),
        _other(terms),
    )
    return {
        "kind": "contract",
        "template": VERSION,
        "number": facts.number,
        "title": ["Hợp đồng chuyển giao công nghệ", "Technology transfer contract"],
        "preamble": _preamble(facts),
        "parties": [
            _party(["Bên giao công nghệ (Bên A)", "Supplier of the technology (Party A)"], licensor),
            _party(["Bên nhận công nghệ (Bên B)", "Recipient of the technology (Party B)"], licensee),
        ],
        "articles": [
            {"no": number, "heading": list(heading), "paragraphs": body}
            for number, (heading, body) in enumerate(zip(HEADINGS, bodies, strict=True), 1)
        ],
        "closing": [
            [
                "Hợp đồng được lập bằng tiếng Việt và tiếng Anh; nếu hai bản có cách hiểu khác nhau, bản tiếng Việt "
                "được ưu tiên. Việc hai bên chấp nhận nội dung trên sàn là sự thống nhất về nội dung; hợp đồng được coi "
                "là đã ký khi bản ký của người có thẩm quyền hai bên được ghi nhận.",
                "The contract is made in Vietnamese and English; where the two differ, the Vietnamese text prevails. "
                "Acceptance by both sides on the exchange is agreement on the content; the contract is signed once the "
                "copy signed by both sides' authorised persons is on record.",
            ]
        ],
        "signatures": [
            {
                "title": ["Đại diện Bên A", "For Party A"],
                "name": licensor.representative,
                "position": licensor.position,
            },
            {
                "title": ["Đại diện Bên B", "For Party B"],
                "name": licensee.representative,
                "position": licensee.position,
            },
        ],
        "footer": ["Mã băm văn bản", "Hash of the text"],
    }


def _typed(text: str) -> list[Pair]:
    return [[text, text]] if text else []


def _preamble(facts: Facts) -> list[Pair]:
    day = of_day(facts.drafted_on)
    return [
        [
            "Căn cứ Bộ luật Dân sự; Luật Chuyển giao công nghệ số 07/2017/QH14, được sửa đổi, bổ sung bởi Luật số "
            "115/2025/QH15; Luật Sở hữu trí tuệ; và sự thỏa thuận của hai bên.",
            "On the basis of the Civil Code; the Law on Technology Transfer No. 07/2017/QH14, amended by Law No. "
            "115/2025/QH15; the Law on Intellectual Property; and the agreement of the two parties.",
        ],
        [f"Dự thảo được lập {day[0]}. Hai bên gồm:", f"Drafted on {day[1]}. The parties are:"],
    ]


def _in_country(party: Party, language: str) -> str:
    """Give the address with its country, once."""
    country = country_name(party.country, language)
    return party.address if party.address.casefold().endswith(country.casefold()) else f"{party.address}, {country}"


def _party(title: Pair, party: Party) -> dict[str, object]:
    english = party.legal_name_en or party.legal_name
    lines: list[Pair] = [
        [f"Tên: {party.legal_name}", f"Name: {english}"],
        [
            f"Địa chỉ: {_in_country(party, 'vi')}",
            f"Address: {_in_country(party, 'en')}",
        ],
        [
            f"Đại diện: {party.representative}, chức vụ: {party.position}",
            f"Represented by: {party.representative}, position: {party.position}",
        ],
    ]
    if party.tax_code:
        lines.insert(1, [f"Mã số thuế/đăng ký: {party.tax_code}", f"Tax/registration number: {party.tax_code}"])
    return {"title": title, "lines": lines}


def _name(facts: Facts, licensor: Party) -> list[Pair]:
    body: list[Pair] = [
        [
            "Bên A chuyển giao cho Bên B công nghệ có tên dưới đây.",
            "Party A transfers to Party B the technology named below.",
        ],
        [facts.technology, facts.technology],
    ]
    if facts.rights:
        body.append(
            [
                f"Quyền sở hữu trí tuệ liên quan: {'; '.join(right[0] for right in facts.rights)}.",
                f"Related intellectual property rights: {'; '.join(right[1] for right in facts.rights)}.",
            ]
        )
    if facts.co_owners:
        names, paper = ", ".join(facts.co_owners), licensor.co_owner_consent
        body.append(
            [
                f"Đồng chủ sở hữu là {names} đồng ý với việc chuyển giao này theo văn bản: {paper}.",
                f"The co-owners, {names}, agree to this transfer by the paper: {paper}.",
            ]
        )
    return body


def _object(terms: Terms) -> list[Pair]:
    objects = of_choices(ObjectType, terms.object_types)
    form = of_choice(TransferForm, terms.form)
    return [
        [f"Đối tượng công nghệ: {objects[0]}.", f"Object of transfer: {objects[1]}."],
        [f"Hình thức chuyển giao: {form[0]}.", f"Form of transfer: {form[1]}."],
        ["Sản phẩm, tiêu chuẩn và chất lượng sản phẩm:", "Product, its standards and quality:"],
        *_typed(terms.product),
    ]


def _rights(terms: Terms, facts: Facts) -> list[Pair]:
    if terms.right == TermsRight.ASSIGNMENT:
        body: list[Pair] = [
            [
                "Bên A chuyển nhượng quyền sở hữu công nghệ cho Bên B. Nếu công nghệ được bảo hộ quyền sở hữu công "
                "nghiệp, quyền sở hữu công nghệ chuyển cùng với quyền sở hữu công nghiệp; việc chuyển nhượng quyền đã "
                "đăng ký có hiệu lực khi được ghi nhận tại cơ quan nhà nước quản lý sở hữu công nghiệp.",
                "Party A assigns ownership of the technology to Party B. Where the technology is protected by "
                "industrial property rights, ownership passes together with them; the assignment of a registered right "
                "takes effect when it is recorded at the industrial property office.",
            ]
        ]
    else:
        kind = of_choice(Exclusivity, terms.exclusivity)
        years = terms.term_years
        body = [
            [
                f"Bên A chuyển quyền sử dụng công nghệ cho Bên B: {kind[0]}, trong {years} năm.",
                f"Party A grants Party B the right to use the technology: {kind[1]}, for {years} years.",
            ],
            [
                "Bên B được chuyển giao lại quyền sử dụng cho bên thứ ba và báo trước cho Bên A."
                if terms.sublicence_allowed
                else "Bên B không được chuyển giao lại quyền sử dụng cho bên thứ ba nếu Bên A không đồng ý bằng văn bản.",
                "Party B may grant sublicences to third parties and tells Party A beforehand."
                if terms.sublicence_allowed
                else "Party B may not pass the right of use on to third parties without Party A's written consent.",
            ],
        ]
    return [
        *body,
        ["Phạm vi lãnh thổ:", "Territory:"],
        *_typed(terms.territory),
        ["Lĩnh vực sử dụng:", "Field of use:"],
        *_typed(terms.field_of_use),
    ]


def _methods(terms: Terms) -> list[Pair]:
    methods = of_choices(TransferMethod, terms.methods)
    return [[f"Công nghệ được chuyển giao bằng: {methods[0]}.", f"The technology is transferred by: {methods[1]}."]]


def _duties(terms: Terms) -> list[Pair]:
    return [
        [
            "Bên A bảo đảm quyền chuyển giao của mình là hợp pháp và không bị bên thứ ba hạn chế; giao công nghệ đầy đủ, "
            "đúng tiến độ; phối hợp làm thủ tục với cơ quan nhà nước; được thanh toán theo hợp đồng.",
            "Party A warrants that its right to transfer is lawful and not limited by third parties; delivers the "
            "technology in full and on schedule; assists with official procedures; and is entitled to payment under "
            "the contract.",
        ],
        *_typed(terms.licensor_duties),
        [
            "Bên B sử dụng công nghệ đúng phạm vi; thanh toán đủ và đúng hạn; giữ bí mật thông tin được giao; được cải "
            "tiến, phát triển công nghệ theo pháp luật; báo cho Bên A khi phát hiện hành vi xâm phạm.",
            "Party B uses the technology within the agreed scope; pays in full and on time; keeps the information "
            "received confidential; may improve and develop the technology as the law provides; and tells Party A of "
            "infringements it becomes aware of.",
        ],
        *_typed(terms.licensee_duties),
    ]


def _price(terms: Terms, milestones: list[Milestone], facts: Facts) -> list[Pair]:
    body: list[Pair] = []
    instalments = [row for row in milestones if row.kind == MilestoneKind.INSTALMENT]
    if terms.lump_sum > 0:
        amount = of_money(terms.lump_sum)
        body.append([f"Khoản trả gọn: {amount[0]}.", f"Lump sum: {amount[1]}."])
        if not instalments:
            days = terms.lump_sum_due_days
            body.append(
                [
                    f"Trả trong {days} ngày kể từ ngày hợp đồng có hiệu lực.",
                    f"Payable within {days} days of the effective date.",
                ]
            )
    for row in milestones:
        body.append(_milestone(row))
    if terms.has_royalty:
        body += _royalty(terms)
    body.append(
        [
            "Giá tính bằng đồng Việt Nam, thanh toán bằng chuyển khoản. Thuế, phí phát sinh do bên có nghĩa vụ theo "
            "pháp luật nộp; nghĩa vụ khấu trừ tại nguồn, nếu có, thực hiện theo pháp luật thuế.",
            "Prices are in Vietnamese đồng, paid by bank transfer. Taxes and fees are borne by the side liable under "
            "the law; tax is withheld at source where tax law so requires.",
        ]
    )
    if facts.price_audit:
        body.append(
            [
                "Giá công nghệ thuộc trường hợp phải kiểm toán giá theo pháp luật về chuyển giao công nghệ; hai bên cung "
                "cấp tài liệu để cơ quan có thẩm quyền thực hiện.",
                "The price is subject to price audit under the law on technology transfer; both parties provide the "
                "documents that the competent authority asks for.",
            ]
        )
    return body


def _milestone(row: Milestone) -> Pair:
    amount = of_money(row.amount)
    instalment = row.kind == MilestoneKind.INSTALMENT
    if row.due_on is not None:
        day = of_day(row.due_on)
        when: Pair = [f"hạn {day[0]}", f"due {day[1]}"]
    else:
        when = [
            f"hạn {row.due_months} tháng sau ngày hợp đồng có hiệu lực",
            f"due {row.due_months} months after the effective date",
        ]
    names = ("Đợt trả", "Instalment") if instalment else ("Mốc thanh toán", "Milestone payment")
    return [f"{names[0]} “{row.name}”: {amount[0]}, {when[0]}.", f"{names[1]} “{row.name}”: {amount[1]}, {when[1]}."]


def _royalty(terms: Terms) -> list[Pair]:
    share, base = of_percent(terms.royalty_pct), of_choice(RoyaltyBase, terms.royalty_base)
    frequency = of_choice(Frequency, terms.statement_frequency)
    body: list[Pair] = [
        [f"Phí kỳ vụ: {share[0]} {base[0]}.", f"Running royalty: {share[1]} of {base[1]}."],
        list(BASES[terms.royalty_base]),
        [
            f"Bên B lập báo cáo phí kỳ vụ {frequency[0]}, nộp trong {terms.statement_due_days} ngày sau khi kết thúc kỳ, "
            f"và thanh toán trong {terms.payment_days} ngày kể từ ngày nộp báo cáo. Bên A được kiểm tra sổ sách liên quan "
            "sau khi báo trước.",
            f"Party B files a royalty statement {frequency[1]}, within {terms.statement_due_days} days of the period's "
            f"end, and pays within {terms.payment_days} days of the statement. Party A may inspect the related books "
            "after notice.",
        ],
    ]
    if terms.minimum_annual > 0:
        minimum = of_money(terms.minimum_annual)
        body.append([f"Phí kỳ vụ tối thiểu mỗi năm: {minimum[0]}.", f"Minimum royalty for each year: {minimum[1]}."])
    return body


def _term(terms: Terms, facts: Facts) -> list[Pair]:
    body: list[Pair] = []
    if terms.term_years:
        body.append(
            [
                f"Thời hạn hợp đồng: {terms.term_years} năm kể từ ngày có hiệu lực.",
                f"Term: {terms.term_years} years from the effective date.",
            ]
        )
    else:
        body.append(
            [
                "Hợp đồng kéo dài cho tới khi các bên thực hiện xong nghĩa vụ.",
                "The contract lasts until both parties have performed their obligations.",
            ]
        )
    if facts.restricted:
        body.append(
            [
                "Công nghệ thuộc danh mục hạn chế chuyển giao: hợp đồng có hiệu lực kể từ ngày được cấp Giấy phép "
                "chuyển giao công nghệ.",
                "The technology is on the restricted list: the contract takes effect on the issue of the technology "
                "transfer permit.",
            ]
        )
    elif facts.must_register:
        body.append(
            [
                "Hợp đồng thuộc trường hợp phải đăng ký: có hiệu lực kể từ ngày được cấp Giấy chứng nhận đăng ký chuyển "
                "giao công nghệ.",
                "The contract must be registered: it takes effect on the issue of the certificate of registration of "
                "technology transfer.",
            ]
        )
    elif terms.effective_from is not None:
        day = of_day(terms.effective_from)
        body.append(
            [
                f"Hợp đồng có hiệu lực từ {day[0]}, nhưng không sớm hơn ngày ký.",
                f"The contract takes effect on {day[1]}, but not before it is signed.",
            ]
        )
    else:
        body.append(["Hợp đồng có hiệu lực từ ngày ký.", "The contract takes effect on the day it is signed."])
    if terms.effective_from is not None and (facts.restricted or facts.must_register):
        day = of_day(terms.effective_from)
        body.append([f"Và không sớm hơn {day[0]}.", f"And not before {day[1]}."])
    if facts.restricted is None:
        body.append(
            [
                "Khi lập hợp đồng, sàn chưa phân loại công nghệ theo pháp luật: nếu công nghệ thuộc danh mục hạn chế "
                "chuyển giao, hợp đồng chỉ có hiệu lực kể từ ngày được cấp Giấy phép chuyển giao công nghệ.",
                "When the contract was drawn up the exchange had not classified the technology by law: if it is on the "
                "restricted list, the contract takes effect only on the issue of the technology transfer permit.",
            ]
        )
    return body


def _definitions(terms: Terms) -> list[Pair]:
    return _typed(terms.definitions) or [
        [
            "Các thuật ngữ được hiểu theo Luật Chuyển giao công nghệ và Luật Sở hữu trí tuệ.",
            "Terms have the meaning given in the Law on Technology Transfer and the Law on Intellectual Property.",
        ]
    ]


def _plan(terms: Terms) -> list[Pair]:
    return [
        ["Kế hoạch và tiến độ:", "Plan and schedule:"],
        *_typed(terms.schedule),
        ["Địa điểm:", "Place:"],
        *_typed(terms.place),
    ]


def _as_typed(text: str, vi: str, en: str) -> list[Pair]:
    return _typed(text) or [[f"Hai bên không thỏa thuận về {vi}.", f"The parties have not agreed on {en}."]]


def _liability(terms: Terms) -> list[Pair]:
    return [
        [
            "Bên vi phạm bồi thường thiệt hại thực tế cho bên kia theo pháp luật, trừ trường hợp bất khả kháng.",
            "The side in breach compensates the other's actual loss as the law provides, except for force majeure.",
        ],
        *_typed(terms.liability),
    ]


def _disputes(terms: Terms) -> list[Pair]:
    body = of_choice(DisputeBody, terms.dispute_body)
    return [
        [
            "Tranh chấp trước hết được giải quyết bằng thương lượng, hòa giải; nếu không thành, do cơ quan sau giải "
            "quyết theo pháp luật Việt Nam: " + _name_of(body[0]) + ".",
            "Disputes are first settled by negotiation and mediation; failing that, under the law of Viet Nam, by: "
            + _name_of(body[1])
            + ".",
        ],
        *_typed(terms.dispute_detail),
    ]


def _name_of(label: str) -> str:
    return label[:1].upper() + label[1:]


def _other(terms: Terms) -> list[Pair]:
    return _typed(terms.other) or [
        [
            "Mọi sửa đổi, bổ sung phải được hai bên lập thành văn bản.",
            "Amendments are made in writing by both parties.",
        ]
    ]


def contract_value(terms: Terms, milestones: list[Milestone]) -> Decimal:
    """Give the sum in VND that the terms fix: lump sum, milestone payments, and minimum royalties over the term."""
    payments = sum((row.amount for row in milestones if row.kind == MilestoneKind.MILESTONE), Decimal(0))
    return terms.lump_sum + payments + terms.minimum_annual * (terms.term_years or 0)
