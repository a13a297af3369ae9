"""A row that PostgreSQL refuses to write: what a sweep meets when one of its rows fails."""

from django.db import connection


def refuse(table: str, row: str) -> None:
    """Let the database refuse to write the rows for which the condition holds."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;")
        cursor.execute(
            "CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'this row is refused'; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER refuse_row BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW WHEN ({row}) "
            "EXECUTE FUNCTION refuse_row()"
        )
