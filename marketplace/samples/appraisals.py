"""Sample appraisals: a firm is commissioned, accepts, and issues its certificate."""

import datetime
from decimal import Decimal
from typing import Any

import typst
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import Organisation, Role, User
from deals.certificates import scope_of
from deals.models import Deal
from marketplace.samples.people import People
from valuation.models import Appraisal, Certificate
from valuation.services import appraisals

SHEET = """#set page(paper: "a5", margin: 20mm)
#set text(size: 10pt, lang: "vi")
#align(center)[*CHỨNG THƯ MẪU* #linebreak() SAMPLE CERTIFICATE]
#v(6mm)
#sys.inputs.words
#v(6mm)
Tài liệu mẫu, không có giá trị pháp lý. A sample without legal force.
"""


def appraise(deal: Deal, people: People, *, client: User) -> Certificate:
    """Have the sample firm appraise the technology of a deal for its owner, today."""
    firm = next(one for one in people.organisations.values() if one.kind == Organisation.Kind.VALUATION_FIRM)
    appraiser = people.with_role(Role.APPRAISER, organisation=_code(people, firm))
    scope = scope_of(deal)
    appraisal = appraisals.commission_appraisal(
        technology=deal.technology, firm=firm, client=deal.licensor, counterparty=deal.licensee, deal_id=deal.pk,
        actor=client, purpose=Appraisal.Purpose.STATE, right=scope.right, term_years=scope.term_years,
        brief="Quyền sử dụng công nghệ theo các điều khoản đã thỏa thuận (mẫu).",
    )  # fmt: skip
    appraisals.accept_appraisal(appraisal=appraisal, actor=appraiser, is_independent=True)
    today = timezone.localdate()
    words = f"{deal.technology.title}\n{firm.name_vi}\n{today.isoformat()}"
    sheet: Any = typst.Compiler(SHEET.encode(), sys_inputs={"words": words}).compile(format="pdf")
    certificate = appraisals.certify_appraisal(
        appraisal=appraisal, actor=appraiser, upload=ContentFile(sheet, name="chung-thu-mau.pdf"),
        number=f"MẪU-CT-{deal.pk:04d}", issued_on=today, valued_on=today,
        valid_until=min(appraisals.add_months(today, 6), today + datetime.timedelta(days=180)),
        value=Decimal(1_200_000_000), currency=Certificate.Currency.VND, basis=Certificate.Basis.MARKET,
        appraiser_name=appraiser.full_name, appraiser_licence=f"MẪU-{deal.pk:04d}",
    )  # fmt: skip
    return appraisals.show_certificate(certificate=certificate, actor=client, shown=True)


def _code(people: People, organisation: Organisation) -> str:
    return next(code for code, one in people.organisations.items() if one.pk == organisation.pk)
