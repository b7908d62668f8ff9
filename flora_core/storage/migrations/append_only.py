"""Triggers that refuse to change what is only ever appended; rows of a simulated study may be deleted."""

from __future__ import annotations

from alembic import op


def append_only(table: str, study_of_row: str) -> None:
    """Refuse updates of the table, and deletes of rows whose study is not simulated.

    Parameters
    ----------
    table : str
    study_of_row : str
        SQL that gives the name of the study of the row called `{old}`.
    """
    of_old = study_of_row.format(old="OLD")
    simulated = f"EXISTS (SELECT 1 FROM studies WHERE name = ({of_old}) AND simulated)"  # noqa: S608  our own words only
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are only ever appended'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_never_go BEFORE DELETE ON {table} WHEN NOT {simulated} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are only ever appended'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {table}_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' AND {simulated} THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '{table} are only ever appended'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_stay()"
    )
