"""The confidentiality agreement of a deal, version 1 of the template."""

from dataclasses import dataclass

from deals.legal.document import Text
from deals.legal.words import Pair

VERSION = 1
TERM_YEARS = 5


@dataclass(frozen=True)
class Facts:
    """What the text says of this deal."""

    number: str
    technology: str
    licensor: tuple[str, str, str]  # name in Vietnamese, in English, tax code
    licensee: tuple[str, str, str]


def _party(title: Pair, facts: tuple[str, str, str]) -> dict[str, object]:
    vi, en, tax_code = facts
    lines: list[Pair] = [[f"Tên: {vi}", f"Name: {en or vi}"]]
    if tax_code:
        lines.append([f"Mã số thuế: {tax_code}", f"Tax code: {tax_code}"])
    return {"title": title, "lines": lines}


def build(facts: Facts) -> Text:
    """Give the text of the agreement."""
    articles: list[tuple[Pair, list[Pair]]] = [
        (
            ["Thông tin mật", "Confidential information"],
            [
                [
                    "Thông tin mật là mọi thông tin kỹ thuật, thương mại và pháp lý về công nghệ nêu trên mà một bên "
                    "cung cấp cho bên kia để đàm phán, bằng văn bản, lời nói, dữ liệu điện tử hay mẫu vật, kể cả tài "
                    "liệu được đánh dấu “theo thỏa thuận bảo mật” trên sàn.",
                    "Confidential information is all technical, commercial and legal information about the technology "
                    "named above that one side gives the other for the negotiation, in writing, by word of mouth, as "
                    "electronic data or as samples, including documents marked “under NDA” on the exchange.",
                ],
                [
                    "Không phải thông tin mật: thông tin đã công khai mà không do vi phạm thỏa thuận này; thông tin bên "
                    "nhận đã có hợp pháp từ trước hoặc tự tạo ra độc lập; thông tin nhận hợp pháp từ bên thứ ba không "
                    "có nghĩa vụ bảo mật.",
                    "Not confidential is information that is public without a breach of this agreement; that the "
                    "recipient lawfully had before or made independently; or that it lawfully received from a third "
                    "party under no duty of confidence.",
                ],
            ],
        ),
        (
            ["Mục đích sử dụng", "Permitted purpose"],
            [
                [
                    "Bên nhận chỉ dùng thông tin mật để đánh giá công nghệ và đàm phán việc chuyển giao; không sản "
                    "xuất, kinh doanh, phân tích ngược hay nộp đơn đăng ký quyền sở hữu trí tuệ dựa trên thông tin đó.",
                    "The recipient uses confidential information only to assess the technology and to negotiate its "
                    "transfer; it does not manufacture, trade, reverse-engineer or apply for intellectual property "
                    "rights on the basis of it.",
                ]
            ],
        ),
        (
            ["Nghĩa vụ bảo mật", "Duty of confidence"],
            [
                [
                    "Bên nhận giữ thông tin mật cẩn trọng như giữ thông tin mật của chính mình, và chỉ cho những người "
                    "cần biết để thực hiện mục đích nêu trên, là những người chịu nghĩa vụ bảo mật tương đương.",
                    "The recipient keeps confidential information with the care it gives its own, and opens it only to "
                    "people who need it for the purpose above and who are bound by an equivalent duty.",
                ],
                [
                    "Nếu phải cung cấp theo yêu cầu của cơ quan nhà nước có thẩm quyền, bên nhận báo ngay cho bên kia "
                    "khi pháp luật cho phép và chỉ cung cấp phần được yêu cầu.",
                    "If a competent authority requires disclosure, the recipient tells the other side at once where "
                    "the law allows, and discloses only what is required.",
                ],
            ],
        ),
        (
            ["Không chuyển giao quyền", "No transfer of rights"],
            [
                [
                    "Thỏa thuận này không chuyển giao quyền sở hữu hay quyền sử dụng công nghệ và không buộc bên nào "
                    "phải ký hợp đồng chuyển giao. Việc cung cấp thông tin theo thỏa thuận này không phải là công bố "
                    "công khai.",
                    "This agreement transfers neither ownership of the technology nor a right to use it, and obliges "
                    "no side to conclude a transfer contract. Information given under it is not made public.",
                ]
            ],
        ),
        (
            ["Trả lại và hủy", "Return and destruction"],
            [
                [
                    "Khi đàm phán kết thúc mà không có hợp đồng, bên nhận trả lại hoặc hủy thông tin mật trong 30 ngày "
                    "kể từ ngày được yêu cầu, trừ bản lưu mà pháp luật buộc phải giữ.",
                    "When the negotiation ends without a contract, the recipient returns or destroys confidential "
                    "information within 30 days of being asked, except copies that the law requires it to keep.",
                ]
            ],
        ),
        (
            ["Thời hạn", "Term"],
            [
                [
                    f"Thỏa thuận có hiệu lực khi cả hai bên đã chấp nhận trên sàn, và nghĩa vụ bảo mật kéo dài "
                    f"{TERM_YEARS} năm kể từ ngày đó; với bí mật kinh doanh, cho tới khi thông tin không còn là bí mật.",
                    f"The agreement takes effect once both sides have accepted it on the exchange, and the duty of "
                    f"confidence lasts {TERM_YEARS} years from that day; for trade secrets, until the information is "
                    "no longer secret.",
                ]
            ],
        ),
        (
            ["Vi phạm và tranh chấp", "Breach and disputes"],
            [
                [
                    "Bên vi phạm bồi thường thiệt hại thực tế và chấm dứt ngay hành vi vi phạm. Thỏa thuận chịu sự "
                    "điều chỉnh của pháp luật Việt Nam; tranh chấp không thương lượng được do Tòa án có thẩm quyền tại "
                    "Việt Nam giải quyết.",
                    "A side in breach compensates the actual loss and ends the breach at once. The agreement is "
                    "governed by the law of Viet Nam; a dispute that cannot be settled amicably is decided by the "
                    "competent court in Viet Nam.",
                ]
            ],
        ),
    ]
    return {
        "kind": "nda",
        "template": VERSION,
        "number": facts.number,
        "title": ["Thỏa thuận bảo mật thông tin", "Confidentiality agreement"],
        "preamble": [
            [
                f"Hai bên dưới đây trao đổi thông tin để đàm phán việc chuyển giao công nghệ: {facts.technology}.",
                f"The two sides below exchange information to negotiate the transfer of the technology: "
                f"{facts.technology}.",
            ]
        ],
        "parties": [
            _party(["Bên cung cấp (bên giao công nghệ)", "Disclosing side (supplier)"], facts.licensor),
            _party(["Bên tiếp nhận (bên nhận công nghệ)", "Receiving side (buyer)"], facts.licensee),
        ],
        "articles": [
            {"no": number, "heading": heading, "paragraphs": paragraphs}
            for number, (heading, paragraphs) in enumerate(articles, 1)
        ],
        "closing": [
            [
                "Mỗi bên chấp nhận thỏa thuận bằng thông điệp dữ liệu trên sàn; hệ thống ghi lại người chấp nhận, vai "
                "trò, thời điểm và mã băm của văn bản này.",
                "Each side accepts the agreement by data message on the exchange; the system records who accepted, in "
                "which role, when, and the hash of this text.",
            ]
        ],
        "signatures": [],
        "footer": ["Mã băm văn bản", "Hash of the text"],
    }
