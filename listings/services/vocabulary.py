"""The words that search corrects and suggests, from what is published now."""

from collections import Counter
from collections.abc import Iterable

from django.core.cache import cache

from listings.models import Technology
from listings.selectors import field_list
from marketplace.kit.single import single
from search import vocabulary
from search.models import Phrase

MARK = "listings:vocabulary:stock"  # the stock of which the vocabulary was made
READ = 20_000  # published technologies whose keywords are counted, the latest


def rebuild_vocabulary() -> int:
    """Count words, keywords and fields anew, unless nothing changed; give how many phrases there are, else 0."""
    former = cache.get(MARK)
    mark = vocabulary.stock_mark(former)
    if mark == former and Phrase.objects.exists():
        return 0
    with single("listings.vocabulary") as mine:
        if not mine:
            return 0
        keywords: Counter[str] = Counter()
        latest = Technology.objects.published().order_by("-pk").values_list("keywords", flat=True)[:READ]
        for listed in latest.iterator(chunk_size=1000):
            keywords.update({word.strip() for word in listed if len(word.strip()) > 1})
        topics = {name: 0 for row in field_list() for name in (row.name_vi, row.name_en)}
        given: dict[str, Iterable[tuple[str, int]]] = {
            Phrase.Kind.KEYWORD: keywords.most_common(),
            Phrase.Kind.TOPIC: topics.items(),
        }
        made = vocabulary.rebuild(given=given)
    cache.set(MARK, mark, 86_400)
    return made
