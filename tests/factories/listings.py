"""Technologies, demands, their rights, documents and reviews. Fields of technology stand already."""

import datetime
import hashlib
from decimal import Decimal
from typing import Any

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Role
from listings.choices import IPKind, IPStatus, LegalClass, Tier
from listings.lifecycle import ListingState
from listings.models import (
    Advantage,
    Demand,
    DisclosureGrant,
    Document,
    Field,
    IPRight,
    Review,
    RightOwner,
    Technology,
)
from tests.factories.accounts import OrganisationFactory, person

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def field(nr: int = 24) -> Field:
    """Give a field of the reference table; 24 is environmental technology."""
    return Field.objects.get(nr=nr)


class ListingFactory(DjangoModelFactory):
    """What technologies and demands share: the author sits in the organisation, the exchange is the organisation's.

    Traits: published, submitted, in_review (with the open review), changes_requested, rejected, withdrawn.
    `indexed=True` puts a published listing into the search index. `fields=[…]` replaces the fields.
    """

    class Meta:
        abstract = True
        skip_postgeneration_save = True

    class Params:
        author_role = Role.REPRESENTATIVE
        published = factory.Trait(
            state=ListingState.PUBLISHED,
            submitted_at=factory.LazyFunction(timezone.now),
            published_at=factory.LazyFunction(timezone.now),
            legal_class=LegalClass.NONE,
        )
        submitted = factory.Trait(state=ListingState.SUBMITTED, submitted_at=factory.LazyFunction(timezone.now))
        in_review = factory.Trait(state=ListingState.IN_REVIEW, submitted_at=factory.LazyFunction(timezone.now))
        changes_requested = factory.Trait(state=ListingState.CHANGES_REQUESTED)
        rejected = factory.Trait(state=ListingState.REJECTED)
        withdrawn = factory.Trait(state=ListingState.WITHDRAWN, withdrawn_version=1)

    exchange = factory.SelfAttribute("organisation.exchange")
    author = factory.LazyAttribute(lambda o: person(role=o.author_role, organisation=o.organisation))
    language = "vi"
    main_field = factory.LazyFunction(field)
    province = factory.SelfAttribute("organisation.province")

    @factory.post_generation
    def fields(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Set the fields: the given ones, else the main one."""
        if create:
            self.fields.set(extracted if extracted is not None else filter(None, [self.main_field]))

    @factory.post_generation
    def reviewer(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Open the review of a listing in review, by the given operator or a new one."""
        if create and self.state == ListingState.IN_REVIEW:
            operator = extracted or person(role=Role.OPERATOR, exchange=self.exchange)
            Review.objects.create(
                **{self.kind: self}, stage=Review.Stage.OPERATOR, reviewer=operator, content_version=1
            )

    @factory.post_generation
    def indexed(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Bring the search index in step when asked."""
        if create and extracted:
            from listings.services import index_listing

            index_listing(self)


class TechnologyFactory(ListingFactory):
    """A complete draft of a university's researcher. More traits: awaiting_owner, bare (a title and nothing else).

    `with_right=True` adds a granted patent of the organisation, `with_advantages=True` two advantages.
    """

    class Meta:
        model = Technology

    class Params:
        author_role = Role.RESEARCHER
        awaiting_owner = factory.Trait(
            state=ListingState.AWAITING_OWNER, submitted_at=factory.LazyFunction(timezone.now)
        )
        bare = factory.Trait(
            summary="", problem="", solution="", applications="", main_field=None, keywords=[], ipc=[], trl=None,
            trl_evidence="", object_types=[], transfer_methods=[], rights_offered=[], territory="", price_min=None,
            price_max=None, royalty_wish_pct=None, state_funding_pct=None, revenue_low=None, revenue_mode=None,
            revenue_high=None, royalty_industry="",
        )  # fmt: skip

    organisation = factory.SubFactory(OrganisationFactory, university=True)
    title = factory.Sequence(lambda n: f"Lọc asen trong nước giếng khoan bằng cát phủ mangan, mẫu {n}")
    summary = "Cột lọc hai tầng đưa asen từ 180 µg/L xuống dưới 8 µg/L mà không dùng clo."
    problem = "Nước giếng vùng trũng nhiễm asen và amoni cao; bể cát thường không giữ được asen(III)."
    solution = "Cát thạch anh phủ mangan oxit vô định hình oxy hóa asen(III) rồi giữ lại trên lớp mangan–sắt."
    applications = "Trạm cấp nước nông thôn 20–300 m³/ngày, xưởng nước đá, trang trại."
    keywords = ["asen", "nước giếng khoan", "mangan oxit"]
    ipc = ["C02F 1/64", "C02F 1/28"]
    trl = 7
    trl_evidence = "Một trạm 120 m³/ngày chạy liên tục 14 tháng, kiểm nghiệm độc lập hằng quý."
    object_types = ["KNOWHOW", "PLAN_PROCESS"]
    transfer_methods = ["DOCUMENTS", "TRAINING"]
    rights_offered = ["exclusive_licence", "nonexclusive_licence"]
    territory = "VN"
    price_min = Decimal(450_000_000)
    price_max = Decimal(900_000_000)
    royalty_wish_pct = Decimal("3.5")
    state_funding_pct = Decimal(70)
    revenue_low = Decimal(4_000_000_000)
    revenue_mode = Decimal(9_000_000_000)
    revenue_high = Decimal(22_000_000_000)
    royalty_industry = "Energy & environment"

    @factory.post_generation
    def with_right(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Add a granted patent held by the organisation alone."""
        if create and extracted:
            IPRightFactory(technology=self, **kwargs)

    @factory.post_generation
    def with_advantages(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Add two advantages with numbers."""
        if create and extracted:
            AdvantageFactory.create_batch(2, technology=self)


class DemandFactory(ListingFactory):
    """A complete draft of a company's representative. More traits: masked, bare."""

    class Meta:
        model = Demand

    class Params:
        bare = factory.Trait(
            summary="", problem="", tried="", material="", method="", effect="", product="", application="",
            main_field=None, trl_min=None, budget_min=None, budget_max=None, needed_by=None, cooperation=[],
        )  # fmt: skip

    organisation = factory.SubFactory(OrganisationFactory)
    title = factory.Sequence(lambda n: f"Cần hệ lọc asen cho xưởng nước đá 50 m³/ngày, số {n}")
    summary = "Xưởng nước đá dùng nước giếng nhiễm asen, cần hệ lọc gọn và ít hóa chất."
    problem = "Nước giếng có asen 90–150 µg/L, hệ hiện có không đạt ngưỡng 10 µg/L vào mùa khô."
    tried = "Đã thử keo tụ phèn sắt: tốn bùn, không ổn định."
    material = "Nước giếng khoan có sắt 8 mg/L."
    method = "Lọc hấp phụ hoặc oxy hóa, không dùng clo."
    effect = "Asen sau lọc dưới 10 µg/L, chạy ổn định 12 tháng."
    product = "Hệ lọc đóng khung, công suất 50 m³/ngày."
    application = "Xưởng nước đá tại Hà Nam."
    trl_min = 6
    budget_min = Decimal(200_000_000)
    budget_max = Decimal(800_000_000)
    needed_by = factory.LazyFunction(lambda: timezone.localdate() + datetime.timedelta(days=180))
    cooperation = ["buy", "licence"]
    masked = False


class AdvantageFactory(DjangoModelFactory):
    """An advantage with its number against the alternative."""

    class Meta:
        model = Advantage

    technology = factory.SubFactory(TechnologyFactory)
    position = factory.Sequence(lambda n: n)
    claim = "Giảm chi phí hóa chất"
    metric = "Chi phí hóa chất"
    ours = "310"
    alternative_name = "Sục khí và châm clo"
    alternative = "1150"
    unit = "đồng/m³"


class IPRightFactory(DjangoModelFactory):
    """A granted patent; the technology's organisation holds 100 % unless `owners=[(name, share), …]` says otherwise."""

    class Meta:
        model = IPRight
        skip_postgeneration_save = True

    technology = factory.SubFactory(TechnologyFactory)
    kind = IPKind.PATENT
    number = factory.Sequence(lambda n: f"1-{38000 + n:07d}")
    office = "VN"
    title = "Phương pháp phủ mangan oxit trong cột lọc"
    filing_date = datetime.date(2019, 4, 16)
    grant_date = datetime.date(2023, 9, 11)
    expiry_date = datetime.date(2039, 4, 16)
    status = IPStatus.GRANTED

    @factory.post_generation
    def owners(self: Any, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Add the owners; their shares must sum to 100."""
        if not create:
            return
        if extracted is None:
            organisation = self.technology.organisation
            RightOwner.objects.create(
                right=self, name=organisation.name_vi, organisation=organisation, share_pct=Decimal(100)
            )
            return
        for name, share in extracted:
            RightOwner.objects.create(right=self, name=name, share_pct=Decimal(share))


class DocumentFactory(DjangoModelFactory):
    """A small PDF under NDA; `tier="public"` or "registered" opens it."""

    class Meta:
        model = Document

    technology = factory.SubFactory(TechnologyFactory, published=True)
    title = "Quy trình phủ vật liệu"
    tier = Tier.NDA
    file = factory.LazyFunction(lambda: ContentFile(PDF, name="quy-trinh.pdf"))
    filename = "quy-trinh.pdf"
    media_type = "application/pdf"
    size = len(PDF)
    sha256 = hashlib.sha256(PDF).hexdigest()
    uploaded_by = factory.SelfAttribute("technology.author")


class DisclosureGrantFactory(DjangoModelFactory):
    """A company that may open the documents under NDA."""

    class Meta:
        model = DisclosureGrant

    technology = factory.SubFactory(TechnologyFactory, published=True)
    organisation = factory.SubFactory(OrganisationFactory)
    basis = "nda:1"


class ReviewFactory(DjangoModelFactory):
    """An open review of a technology by an operator of its exchange."""

    class Meta:
        model = Review

    technology = factory.SubFactory(TechnologyFactory, state=ListingState.IN_REVIEW)
    stage = Review.Stage.OPERATOR
    reviewer = factory.LazyAttribute(lambda o: person(role=Role.OPERATOR, exchange=o.technology.exchange))
    content_version = 1
