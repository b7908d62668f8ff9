"""Triggers that refuse to change what is only ever appended; rows of a simulated study may be deleted."""

from __future__ import annotations

from alembic import op


def append_only(table: str, study_of_row: str, *, or_where: str = "", replace: bool = False) -> None:
    """Refuse updates of the table, and deletes of rows whose study is not simulated.

    Parameters
    ----------
    table : str
    study_of_row : str
        SQL that gives the name of the study of the row called `{old}`.
    or_where : str
        A condition on the row called `{old}` under which it may be deleted too.
    replace : bool
        Whether triggers of an earlier migration stand in the way.
    """
    of_old = study_of_row.format(old="OLD")
    may_go = f"EXISTS (SELECT 1 FROM studies WHERE name = ({of_old}) AND simulated)"  # noqa: S608  our own words only
    if or_where:
        may_go = f"({may_go} OR {or_where.format(old='OLD')})"
    if op.get_context().dialect.name == "sqlite":
        if replace:
            op.execute(f"DROP TRIGGER {table}_never_change")
            op.execute(f"DROP TRIGGER {table}_never_go")
        op.execute(
            f"CREATE TRIGGER {table}_never_change BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are only ever appended'); END"
        )
        op.execute(
            f"CREATE TRIGGER {table}_never_go BEFORE DELETE ON {table} WHEN NOT {may_go} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are only ever appended'); END"
        )
        return
    op.execute(
        f"CREATE OR REPLACE FUNCTION {table}_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' AND {may_go} THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '{table} are only ever appended'; END $$"
    )
    if not replace:
        op.execute(
            f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_stay()"
        )
