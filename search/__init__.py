"""Finding things, knowing nothing of what they are.

What other rooms use:

- `search.services.put_document(kind=…, object_id=…, title=…, body=…, language=None)` and
  `remove_document(kind=…, object_id=…)`: call them in the transaction that publishes, edits or withdraws. Both may be
  repeated. After the commit the follower (`manage.py follow_index`) makes the text findable, and a worker its vector.
- `search.engine.rank(text, kind=…, title="", language=None, hint=None, limit=1000, restrict_to=None, exclude=(),
  query_vector=None, dense=True) -> Ranking`: hits with object id, probability, BM25 score and cosine;
  `Ranking.object_ids`, `.has_good_match`, `.truncated`, `.matched_terms(object_id)`.
- `search.text.snippet(text, query)` and `highlight(text, query)`: safe HTML, <mark> in the original accents.
- `search.reasons.explain(query, document)`: why a document answers, in words and sentences.
- `search.index.catch_up()`: return when all that is committed can be found; in tests, where a transaction is open,
  it indexes what this process sees, in memory.

PostgreSQL holds the truth (`models`). The BM25 index on each node (`index`, `lexical`) and the vectors (`embeddings`)
are derived from it and can be thrown away.
"""
