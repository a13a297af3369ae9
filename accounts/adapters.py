"""How sign-up meets our user model."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter

from accounts import seat_services, services
from marketplace.kit.letters import REFUSALS, LetterRefused, refusal


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the language in which a person signed up; a new password ends what the old one opened."""

    def confirm_email(self, request: Any, email_address: Any) -> bool:
        """Confirm an address, and say what waited for it."""
        confirmed = bool(super().confirm_email(request, email_address))
        if confirmed:
            seat_services.tell_of_invitations(user=email_address.user)
        return confirmed

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a letter of sign-up or sign-in. Raises LetterRefused, which keeps the address out of the log."""
        try:
            super().send_mail(template_prefix, email, context)
        except REFUSALS as error:
            raise LetterRefused(refusal(error)) from None

    def set_password(self, user: Any, password: str) -> None:
        """Change or reset the password, and end the API tokens."""
        services.set_password(user=user, password=password)

    def save_user(self, request: Any, user: Any, form: Any, commit: bool = True) -> Any:
        """Fill the name and language from the form and the page."""
        user = super().save_user(request, user, form, commit=False)
        user.full_name = form.cleaned_data.get("full_name", "")
        user.language = request.LANGUAGE_CODE
        if commit:
            user.save()
        return user
