"""How sign-up meets our user model."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter

from accounts import services


class AccountAdapter(DefaultAccountAdapter):
    """Keeps the language in which a person signed up; a new password ends what the old one opened."""

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
