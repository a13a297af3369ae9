"""What a new test database holds, and how a database comes back to it after a test whose transactions committed."""

from dataclasses import dataclass

from django.db import connection, transaction
from psycopg import sql

LARGE = 2**20  # bytes: so large a table is cut off (TRUNCATE makes its files anew) rather than emptied row by row

# Tables of the product with their size; those with a vector index are cut off, for dead rows would stand among the nearest.
TABLES = """
SELECT c.relname, pg_relation_size(c.oid), EXISTS (
  SELECT 1 FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am a ON a.oid = x.relam
  WHERE i.indrelid = c.oid AND a.amname IN ('hnsw', 'ivfflat'))
FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY c.relname
"""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The rows of each table that is not empty, as COPY writes them."""

    rows: dict[str, bytes]

    @classmethod
    def taken(cls) -> "Baseline":
        """Keep what the database holds now."""
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            found = {}
            for name, size, _ in cursor.fetchall():
                if size:
                    with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as copy:
                        found[name] = b"".join(bytes(block) for block in copy)
        return cls({name: content for name, content in found.items() if content})

    def restore(self) -> None:
        """Bring every table back to it: append-only ones, too, whose triggers rest meanwhile."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(TABLES)
            for name, size, by_nearness in cursor.fetchall():
                table = sql.Identifier(name)
                if size and (by_nearness or size > LARGE):
                    cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(table))
                elif size:
                    cursor.execute(sql.SQL("DELETE FROM {}").format(table))
            for name, content in self.rows.items():
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
                    copy.write(content)
