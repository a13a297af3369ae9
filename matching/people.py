"""What of a person the matches forget. `accounts.people_services` asks, by the name in settings (ADR 12)."""

from accounts.models import User
from matching.models import Digest, SavedSearch


def forget(person: User) -> None:
    """Remove what the person looked for, and the mails that told what was found."""
    Digest.objects.filter(user=person).delete()
    SavedSearch.objects.filter(user=person).delete()
