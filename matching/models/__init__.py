"""Models of the room."""

from matching.models.alerts import Digest, DigestItem, SavedSearch
from matching.models.layer import Layer
from matching.models.match import TIE, Feedback, Match, Response, Run

__all__ = ["TIE", "Digest", "DigestItem", "Feedback", "Layer", "Match", "Response", "Run", "SavedSearch"]
