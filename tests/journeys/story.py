"""What the people of the journey write, in each language."""

from typing import Any

from tests.factories.deals import terms

TECHNOLOGY: dict[str, dict[str, Any]] = {
    "vi": {
        "start": {
            "title": "Cột lọc oxit sắt xốp loại asen khỏi nước giếng khoan",
            "summary": "Cột lọc nhỏ giữ asen trong nước giếng khoan xuống dưới 8 µg/L mà không cần điện.",
        },
        "problem": {
            "problem": "Nước giếng khoan vùng đồng bằng nhiễm asen 90–180 µg/L; trang trại và xưởng nước đá không có "
            "cách xử lý vừa rẻ vừa ổn định qua mùa khô.",
            "solution": "Hạt oxit sắt xốp hấp phụ asen; cột được hoàn nguyên bằng xút loãng mỗi tháng một lần.",
        },
        "advantage": {
            "claim": "Giảm chi phí vận hành", "metric": "Chi phí hóa chất và điện", "ours": "900",
            "alternative_name": "Thẩm thấu ngược", "alternative": "5200", "unit": "đồng/m³",
        },
        "applications": {
            "applications": "Trang trại, trường học, xưởng nước đá và trạm cấp nước nông thôn 20–300 m³/ngày.",
            "ipc": "C02F 1/28", "keywords": "asen, nước giếng khoan, oxit sắt",
        },
        "evidence": "Mười hai cột chạy từ năm 2024 tại ba xã; trung tâm kiểm nghiệm độc lập đo hằng quý.",
        "right": "Cột lọc hấp phụ asen bằng oxit sắt xốp",
        "co_owner": "Viện Khoa học Môi trường Mẫu",
        "territory": "Việt Nam",
        "documents": {
            "public": "Tờ giới thiệu cột lọc", "registered": "Kết quả kiểm nghiệm ba xã",
            "nda": "Quy trình tạo hạt oxit sắt",
        },
        "search": "cot loc asen nuoc gieng khoan",
    },
    "en": {
        "start": {
            "title": "Porous iron oxide column that removes arsenic from tube-well water",
            "summary": "A small column brings arsenic in tube-well water below 8 µg/L without electricity.",
        },
        "problem": {
            "problem": "Tube wells in the delta carry 90 to 180 µg/L of arsenic; farms and ice makers have no treatment "
            "that is both cheap and steady through the dry season.",
            "solution": "Porous iron oxide granules adsorb arsenic; the column is regenerated with mild caustic monthly.",
        },
        "advantage": {
            "claim": "Cheaper to run", "metric": "Chemicals and power", "ours": "900",
            "alternative_name": "Reverse osmosis", "alternative": "5200", "unit": "VND/m³",
        },
        "applications": {
            "applications": "Farms, schools, ice makers and rural waterworks of 20 to 300 m³ a day.",
            "ipc": "C02F 1/28", "keywords": "arsenic, tube well, iron oxide",
        },
        "evidence": "Twelve columns have run since 2024 in three communes; an independent laboratory tests each quarter.",
        "right": "Column that adsorbs arsenic on porous iron oxide",
        "co_owner": "Sample Institute of Environmental Science",
        "territory": "Viet Nam",
        "documents": {
            "public": "Leaflet of the column", "registered": "Test results from three communes",
            "nda": "Making of the iron oxide granules",
        },
        "search": "arsenic tube well column",
    },
}  # fmt: skip

DEMAND: dict[str, dict[str, dict[str, Any]]] = {
    "vi": {
        "start": {
            "title": "Cần xử lý asen trong nước giếng khoan cho xưởng nước đá",
            "summary": "Xưởng nước đá dùng nước giếng nhiễm asen, cần hệ lọc gọn và ít hóa chất.",
        },
        "problem": {
            "problem": "Nước giếng khoan của xưởng có asen 90–150 µg/L, vượt ngưỡng; khách hàng trả lại đá.",
            "tried": "Đã thử keo tụ phèn sắt: nhiều bùn, không ổn định.",
        },
        "requirement": {
            "material": "Nước giếng khoan có sắt 8 mg/L.", "method": "Hấp phụ hoặc oxy hóa, không dùng clo.",
            "effect": "Asen dưới 10 µg/L, chi phí dưới 2.000 đồng một mét khối.",
            "product": "Hệ lọc đóng khung, công suất 50 m³/ngày.", "application": "Xưởng nước đá tại Hà Nam.",
        },
    },
    "en": {
        "start": {
            "title": "Removal of arsenic from tube-well water for an ice factory",
            "summary": "An ice factory uses well water with arsenic and needs a small plant with few chemicals.",
        },
        "problem": {
            "problem": "The tube well of the factory carries 90 to 150 µg/L of arsenic; customers return the ice.",
            "tried": "Coagulation with iron salts: much sludge, not steady.",
        },
        "requirement": {
            "material": "Tube-well water with 8 mg/L of iron.", "method": "Adsorption or oxidation, no chlorine.",
            "effect": "Arsenic below 10 µg/L at less than 2,000 VND a cubic metre.",
            "product": "A skid of 50 m³ a day.", "application": "An ice factory in Hà Nam.",
        },
    },
}  # fmt: skip

TERMS_EN = {
    "territory": "The whole of Viet Nam",
    "field_of_use": "Rural water supply and ice making",
    "product": "Filtered water with arsenic below 10 µg/L under QCVN 01-1.",
    "schedule": "Month 1: documents. Months 2 and 3: training at the buyer's factory.",
    "place": "Phủ Lý, Hà Nam",
    "warranty": "24 months from acceptance.",
    "penalty": "0.05% of a late payment for each day, 8% at most.",
}
WORDS: dict[str, dict[str, str]] = {
    "vi": {
        "enquiry": "Chúng tôi sản xuất 50 tấn nước đá mỗi ngày và muốn dùng cột lọc từ mùa khô tới.",
        "offer": "Đề nghị đầu tiên của chúng tôi.",
        "counter": "Chúng tôi cần thêm một chút cho đào tạo.",
        "position": "Giám đốc",
        "address": "Số 1 phố Mẫu, phường Mẫu, Hà Nội",
        "note": "Doanh thu quý đầu tiên.",
        "talk": "Xin gửi kèm bản tóm tắt thử nghiệm tại xưởng.",
    },
    "en": {
        "enquiry": "We make 50 tonnes of ice a day and would use the column from the next dry season.",
        "offer": "Our first offer.",
        "counter": "We need a little more for the training.",
        "position": "Director",
        "address": "1 Mẫu Street, Mẫu Ward, Hà Nội",
        "note": "Sales of the first quarter.",
        "talk": "A summary of the trial at our factory follows.",
    },
}


def offered(language: str) -> dict[str, Any]:
    """Give the terms of the first offer as typed into the form: no empty answers."""
    values = terms(**(TERMS_EN if language == "en" else {}))
    return {name: value for name, value in values.items() if value not in ("", None)}
