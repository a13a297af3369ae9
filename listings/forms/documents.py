"""Upload of a document."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from listings.choices import Tier
from listings.forms.inputs import PlainTextField
from marketplace.kit.forms import Form
from marketplace.kit.validators import plain_text


class DocumentForm(Form):
    """A file, its title and who may open it."""

    title = PlainTextField(max_length=200, label=_("Title"), validators=[plain_text])
    tier = forms.ChoiceField(
        choices=Tier,
        initial=Tier.NDA,
        label=_("Who may open it"),
        widget=forms.RadioSelect,
        help_text=_("Public is seen by everyone, competitors included."),
    )
    file = forms.FileField(
        label=_("File"),
        max_length=200,
        allow_empty_file=True,
        help_text=_("PDF, PNG, JPEG, Word, Excel or PowerPoint, up to 25 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.docx,.xlsx,.pptx"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
