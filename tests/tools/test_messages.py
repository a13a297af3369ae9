"""Translations: extraction from code and templates, joining of duplicates, compiling, checking."""

import gettext
from pathlib import Path

import pytest

from tools import messages

CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext

def words(count):
    # Translators: on a button
    return _("Send"), ngettext("%(count)s match", "%(count)s matches", count), pgettext("month", "May")
"""
PAGE = """{% load i18n %}{% translate "Sign in" %} {{ _("Owner") }}
{% blocktranslate trimmed with name=user.name %}
  Hello {{ name }},
  welcome.
{% endblocktranslate %}"""
CATALOGUE = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Send"
msgstr "Gửi"

msgid "Gone"
msgstr "Đã bỏ"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "listings").mkdir()
    (tmp_path / "listings" / "words.py").write_text(CODE)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(PAGE)
    catalogue(tmp_path).parent.mkdir(parents=True)
    catalogue(tmp_path).write_text(CATALOGUE)
    return tmp_path


def catalogue(root: Path) -> Path:
    return root / "locale" / "vi" / "LC_MESSAGES" / "django.po"


def append(root: Path, text: str) -> None:
    catalogue(root).write_text(catalogue(root).read_text() + text)


def test_extraction_finds_code_templates_plurals_and_contexts(root: Path) -> None:
    found = messages.extract(root)
    assert set(found) == {
        (None, "Send"),
        (None, "%(count)s match"),
        ("month", "May"),
        (None, "Sign in"),
        (None, "Owner"),
        (None, "Hello %(name)s, welcome."),
    }
    assert found[None, "%(count)s match"].msgid_plural == "%(count)s matches"
    assert found[None, "Send"].comment == "on a button"


def test_normalising_adds_new_drops_unused_and_sorts(root: Path) -> None:
    messages.normalise(root)
    entries = messages.read_catalogue(catalogue(root))
    assert [key[1] for key in entries] == sorted(key[1] for key in messages.extract(root))
    assert entries[None, "Send"].msgstr == "Gửi"
    before = catalogue(root).read_text()
    messages.normalise(root)
    assert catalogue(root).read_text() == before


def test_the_later_of_two_translations_in_one_entry_wins(root: Path) -> None:
    append(root, 'msgid "Owner"\nmsgstr "Chủ"\nmsgstr ""\n"Chủ sở "\n"hữu"\n')
    assert messages.read_catalogue(catalogue(root))[None, "Owner"].msgstr == "Chủ sở hữu"


def test_entries_pushed_together_by_a_union_merge_are_told_apart(root: Path) -> None:
    append(root, 'msgid "Owner"\nmsgstr ""\n#: x.py\nmsgid "Owner"\nmsgstr "Chủ sở hữu"\nmsgid "Send"\nmsgstr ""\n')
    entries = messages.read_catalogue(catalogue(root))
    assert entries[None, "Owner"].msgstr == "Chủ sở hữu"
    assert entries[None, "Send"].msgstr == "Gửi"


def test_an_entry_whose_empty_translation_a_union_merge_dropped_is_read(root: Path) -> None:
    append(
        root,
        'msgid "Owner"\nmsgid "Sign in"\nmsgstr ""\n#: x.py\nmsgid "Send"\n#: y.py\nmsgctxt "month"\nmsgid "May"\nmsgstr "Tháng Năm"\n',
    )
    entries = messages.read_catalogue(catalogue(root))
    assert (None, "Owner") in entries
    assert (None, "Sign in") in entries
    assert entries[None, "Send"].msgstr == "Gửi"
    assert entries["month", "May"].msgstr == "Tháng Năm"


def test_check_names_missing_fuzzy_and_wrong_placeholders(root: Path) -> None:
    append(root, '\n#, fuzzy\nmsgid "Owner"\nmsgstr "Chủ"\n\nmsgid "Hello %(name)s, welcome."\nmsgstr "Chào %(ten)s"\n')
    assert messages.problems(root) == [
        "listings/words.py: no Vietnamese for '%(count)s match'",
        "listings/words.py: no Vietnamese for 'May'",
        "templates/page.html: placeholders ['%(ten)s'] in the Vietnamese for 'Hello %(name)s, welcome.'",
        "templates/page.html: no Vietnamese for 'Owner'",
        "templates/page.html: no Vietnamese for 'Sign in'",
    ]


def test_check_names_what_stands_twice_until_it_is_normalised(root: Path) -> None:
    append(root, '\nmsgid "Send"\nmsgstr "Gửi"\n')
    doubled = "django.po: 2 times 'Send'"
    assert doubled in messages.problems(root)
    messages.normalise(root)
    assert doubled not in messages.problems(root)


def test_compiled_catalogue_translates(root: Path) -> None:
    append(root, '\nmsgid "%(count)s match"\nmsgid_plural "%(count)s matches"\nmsgstr[0] "%(count)s kết quả"\n')
    written = messages.compile_catalogues(root / "locale")
    with written[0].open("rb") as handle:
        translation = gettext.GNUTranslations(handle)
    assert translation.gettext("Send") == "Gửi"
    assert translation.ngettext("%(count)s match", "%(count)s matches", 2) == "%(count)s kết quả"
    assert translation.gettext("Owner") == "Owner"
    assert messages.compile_catalogues(root / "locale") == []
