"""Every component on one page, with made-up content, for whoever builds or reviews pages.

Its address exists only where `settings.GALLERY` says so: the demo, tests and debugging.
"""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from marketplace.kit.forms import Form
from marketplace.kit.money import language_of
from marketplace.ui.icons import PATHS

BILLION = 10**9


def _say(vi: str, en: str) -> str:
    """Give the made-up text in the page's language."""
    return vi if language_of(get_language()) == "vi" else en


def _choose(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


class SampleForm(Form):
    """One field of each kind."""

    title = forms.CharField(max_length=80)
    summary = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    field = forms.ChoiceField()
    filed_on = forms.DateField(required=False)
    price = forms.DecimalField(min_value=0, required=False, widget=forms.NumberInput(attrs={"data-money": ""}))
    methods = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    side = forms.ChoiceField(widget=forms.RadioSelect)
    evidence = forms.FileField(required=False)
    agreed = forms.BooleanField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "title": ("Tên công nghệ", "Title of the technology"),
            "summary": ("Tóm tắt công khai", "Public summary"),
            "field": ("Lĩnh vực công nghệ", "Technology field"),
            "filed_on": ("Ngày nộp đơn", "Filing date"),
            "price": ("Giá mong muốn (đồng)", "Price wish (VND)"),
            "methods": ("Hình thức chuyển giao", "Form of transfer"),
            "side": ("Bạn đứng ở bên nào?", "Which side are you on?"),
            "evidence": ("Tài liệu chứng minh", "Supporting document"),
            "agreed": ("Tôi có quyền đăng thông tin này", "I may publish this information"),
        }
        for name, pair in labels.items():
            self.fields[name].label = _say(*pair)
        self.fields["title"].help_text = _say(
            "Nói công nghệ làm được gì, không dùng tên riêng.", "Say what it does, without a brand name."
        )
        self.fields["filed_on"].help_text = _say("Ghi trên tờ khai đơn.", "As written on the application.")
        _choose(self.fields["field"], [("", "–"), ("13", _say("Công nghệ y tế", "Medical technology"))])
        _choose(
            self.fields["methods"],
            [
                ("licence", _say("Chuyển quyền sử dụng", "Licence")),
                ("assign", _say("Chuyển nhượng quyền sở hữu", "Assignment")),
            ],
        )
        _choose(
            self.fields["side"],
            [
                ("supply", _say("Bên cung công nghệ", "Technology supplier")),
                ("demand", _say("Bên cầu công nghệ", "Technology seeker")),
            ],
        )


class OwnerForm(Form):
    """One owner and a share."""

    name = forms.CharField()
    share = forms.DecimalField(min_value=0, max_value=100)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _say("Chủ sở hữu", "Owner")
        self.fields["share"].label = _say("Tỷ lệ (%)", "Share (%)")


Owners = forms.formset_factory(OwnerForm, extra=1, can_delete=True)


def _evidence(today: date) -> dict[str, Any]:
    return {
        "price": {
            "p10": 1_250_000_000,
            "p50": 2_100_000_000,
            "p90": 3_900_000_000,
            "asking": 4_500_000_000,
            "budget": 1_800_000_000,
        },
        "methods": [
            {
                "label": _say("Tiết kiệm tiền sử dụng", "Relief from royalty"),
                "low": 1.1 * BILLION,
                "mid": 2.2 * BILLION,
                "high": 4.1 * BILLION,
                "note": _say("phí 3–5 % doanh thu thuần", "royalty of 3–5% of net sales"),
            },
            {
                "label": _say("So sánh giao dịch", "Comparable deals"),
                "low": 1.4 * BILLION,
                "mid": 1.9 * BILLION,
                "high": 2.6 * BILLION,
                "note": _say("7 giao dịch", "7 deals"),
            },
            {
                "label": _say("Chi phí tái tạo", "Cost of making it again"),
                "low": 0.7 * BILLION,
                "mid": 0.8 * BILLION,
                "high": 0.9 * BILLION,
                "used": False,
            },
        ],
        "reasons": [
            {"kind": "meaning", "label": _say("Lọc mặn bằng màng", "Membrane desalination"), "weight": 0.34},
            {
                "kind": "word",
                "label": "graphene oxide",
                "weight": 0.21,
                "detail": _say("ở cả hai bên", "on both sides"),
            },
            {"kind": "answer", "label": _say("Giống tin bạn đã chọn", "Like what you chose before"), "weight": 0.18},
            {
                "kind": "fact",
                "label": _say("TRL 6 đạt yêu cầu từ 6", "TRL 6 meets the 6 needed"),
                "verdict": "fits",
            },
            {
                "kind": "fact",
                "label": _say("Li-xăng thay cho mua đứt", "A licence instead of a purchase"),
                "verdict": "near",
            },
            {
                "kind": "fact",
                "label": _say("Giá cao hơn ngân sách", "Price above the budget"),
                "verdict": "not",
            },
        ],
        "steps": [
            {"label": _say("Hỏi", "Enquiry"), "state": "done", "when": today - timedelta(days=21)},
            {"label": "NDA", "state": "done", "when": today - timedelta(days=16)},
            {"label": _say("Đàm phán", "Offers"), "state": "current"},
            {"label": _say("Thỏa thuận", "Agreed"), "state": "todo"},
            {"label": _say("Ký", "Signed"), "state": "todo"},
            {"label": _say("Hiệu lực", "Effective"), "state": "todo"},
        ],
        "changes": [
            {"label": _say("Trả trước", "Upfront"), "before": "500.000.000 ₫", "after": "650.000.000 ₫"},
            {"label": _say("Phí kỳ vụ", "Royalty"), "before": "4 %", "after": "3,5 %"},
            {"label": _say("Độc quyền", "Exclusivity"), "before": _say("có", "yes"), "after": _say("có", "yes")},
            {"label": _say("Lãnh thổ", "Territory"), "before": None, "after": "Việt Nam, Lào"},
        ],
    }


def _page(today: date) -> dict[str, Any]:
    return {
        "crumbs": [(_say("Trang chủ", "Home"), "#"), (_say("Công nghệ", "Technologies"), "#")],
        "tabs": [
            {"label": _say("Tất cả", "All"), "href": "#", "current": True, "count": 1016},
            {"label": _say("Bản nháp", "Drafts"), "href": "#", "count": 3},
            {"label": _say("Đang hiển thị", "Published"), "href": "#", "count": 12},
        ],
        "wizard": [
            {"label": _say("Vấn đề", "Problem"), "state": "done", "href": "#"},
            {"label": _say("Giải pháp", "Solution"), "state": "error", "href": "#", "hint": "2"},
            {"label": _say("Quyền sở hữu trí tuệ", "IP rights"), "state": "current", "href": "#"},
            {"label": _say("Giá", "Price"), "state": "todo", "href": "#"},
            {"label": _say("Tài liệu", "Documents"), "state": "todo", "href": "#"},
        ],
        "facets": [
            {
                "name": "field",
                "label": _say("Lĩnh vực", "Field"),
                "kind": "checkbox",
                "open": True,
                "options": [
                    {"value": "24", "label": _say("Công nghệ môi trường", "Environmental technology"), "count": 118,
                     "selected": True},
                    {"value": "13", "label": _say("Công nghệ y tế", "Medical technology"), "count": 64},
                ],
            },
            {
                "name": "trl",
                "label": "TRL",
                "kind": "radio",
                "open": True,
                "options": [{"value": "4", "label": "4+", "count": 802}, {"value": "7", "label": "7+", "count": 96}],
            },
            {
                "name": "province",
                "label": _say("Tỉnh, thành phố", "Province"),
                "kind": "select",
                "options": [{"value": "", "label": _say("Cả nước", "Anywhere")}, {"value": "92", "label": "Cần Thơ"}],
            },
            {
                "name": "price",
                "label": _say("Giá", "Price"),
                "kind": "range",
                "low_name": "price_min",
                "high_name": "price_max",
                "low": 100,
                "unit": _say("triệu ₫", "₫ million"),
            },
        ],
        "chosen": [(_say("Lĩnh vực: môi trường", "Field: environment"), "#"), ("TRL 4+", "#")],
        "events": [
            {"when": timezone.now(), "title": _say("Đề nghị mới", "New offer"), "actor": "Lê Thị Hoa", "tone": "waiting"},
            {
                "when": today - timedelta(days=16),
                "title": _say("Hai bên chấp nhận NDA", "Both sides accepted the NDA"),
                "tone": "verified",
            },
            {"when": today - timedelta(days=21), "title": _say("Mở trao đổi", "Enquiry opened"), "actor": "Trần Văn Bình"},
        ],
        "pages": Paginator(range(500), 20).page(4),
        "soon": today + timedelta(days=2),
        "late": today - timedelta(days=4),
        "ahead": today + timedelta(days=40),
    }  # fmt: skip


def _figures() -> dict[str, Any]:
    return {
        "by_field": [
            (_say("Công nghệ môi trường", "Environmental technology"), 118),
            (_say("Công nghệ y tế", "Medical technology"), 64),
            (_say("Hóa thực phẩm", "Food chemistry"), 41),
            (_say("Công nghệ bán dẫn", "Semiconductors"), 9),
        ],
        "by_year": [(2021, 1.2 * BILLION), (2022, 1.9 * BILLION), (2023, 1.4 * BILLION), (2024, 3.1 * BILLION)],
        "months": ["1", "2", "3", "4", "5", "6"],
        "series": [
            (_say("Cung", "Supply"), [12, 15, 21, None, 30, 34]),
            (_say("Cầu", "Demand"), [4, 6, 9, 11, 15, 13]),
        ],
    }


def sample_forms() -> dict[str, Any]:
    """Give an empty form, one with errors, and a formset with errors."""
    wrong = {"title": "x" * 81, "filed_on": "31/02/2025", "price": "-1", "side": "supply"}
    rows = {
        "owners-TOTAL_FORMS": "2",
        "owners-INITIAL_FORMS": "0",
        "owners-0-name": "Đại học Cần Thơ",
        "owners-0-share": "60",
        "owners-1-name": "",
        "owners-1-share": "140",
    }
    return {
        "form": SampleForm(initial={"filed_on": date(2025, 3, 9), "methods": ["licence"]}, prefix="empty"),
        "row_form": SampleForm(prefix="row"),
        "wrong_form": SampleForm(wrong),
        "owners": Owners(rows, prefix="owners"),
    }


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """Show all components."""
    today = timezone.localdate()
    context = {**_evidence(today), **_page(today), **_figures(), **sample_forms(), "icons": sorted(PATHS)}
    return render(request, "marketplace/gallery.html", context)
