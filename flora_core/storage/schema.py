"""The database's tables, as they are after the newest migration (a test holds the two together).

Events, identifications, determinations and withdrawals are only ever appended: triggers refuse to change them, and to delete
them unless their study is a simulated one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, aware of it in Python on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """To UTC; naive moments are refused, because nobody knows where their clock stood."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone can't be kept")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """From the database: aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

studies = Table(
    "studies",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("document", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
)

training_tables = Table(
    "training_tables",
    METADATA,
    Column("study", ForeignKey("studies.name"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("plants", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("document", Text, nullable=False, server_default=""),
    Column("counts", Text, nullable=False, server_default="{}"),
    Column("source_sha256", String(64), nullable=False, server_default=""),
)
"""Every table that plants were learned from. More plants make a new number, with all plants and the study's `document` as it
was then; `counts` is a JSON object of plants a species."""

versions = Table(
    "versions",
    METADATA,
    Column("study", ForeignKey("studies.name"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("algorithm", String(64), nullable=False),
    Column("artifact_sha256", String(64), nullable=False),
    Column("card_sha256", String(64), nullable=False),
    Column("registered_at", Moment, nullable=False),
    Column("registered_by", Text, nullable=False),
)

events = Table(
    "events",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("study", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("gate", Text, nullable=False, server_default=""),
    Column("overruled", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(["study", "version"], ["versions.study", "versions.version"]),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("study", ForeignKey("studies.name"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("request", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("seen_at", Moment),
    Column("beats", Integer, nullable=False, server_default="0"),
    Column("runner", String(64), nullable=False, server_default=""),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("doing", Text, nullable=False, server_default=""),
    Column("result", Text, nullable=False, server_default=""),
    Column("leaderboard", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
"""Work that takes longer than a visitor waits. `request`, `result` and `leaderboard` are JSON; `seen_at` is when its process
last said that it is alive, and `beats` how often it did: clocks may be wrong, a count is not."""

recordings = Table(
    "recordings",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("token", String(16), nullable=False, unique=True),
    Column("study", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", Text, nullable=False),
    Column("door", String(16), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("source", Text, nullable=False),
    Column("source_sha256", String(64), nullable=False, index=True),
    Column("plants", Integer, nullable=False),
    Column("complete", Boolean, nullable=False, server_default=true()),
    Column("recipe", String(64), nullable=False, server_default=""),
    Column("collector", Text, nullable=False, server_default=""),
    Column("site", Text, nullable=False, server_default=""),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("troubled", Integer, nullable=False, server_default="0"),
    Column("profiled", Boolean, nullable=False, server_default=false()),
    Column("unsure", Integer, nullable=False, server_default="0"),
    Column("shadow_version", Integer),
    Column("owner", Text, nullable=False, server_default=""),
    ForeignKeyConstraint(["study", "version"], ["versions.study", "versions.version"]),
    Index("ix_recordings_study_at", "study", "at"),
    sqlite_autoincrement=True,
)
"""One act of recording: one plant from the page, or a whole file. What its plants share is written once. A table is
written a part at a time, so that nobody waits for it; its recording counts only when it is `complete`. `recipe` says
how a file was read: the same file with the same recipe and version gives the same identifications. `refused` rows of
a table could not be identified, `troubled` ones had any issue. `profiled`: the profile of its day counts its plants.
`unsure` of its plants could be several species, or fit none. `shadow_version` is the challenger that was asked beside the
champion, and not told to anybody; null where none was. `owner` is who recorded it, as its issuer knows it: a name may be that
of two people; "" for what was recorded before there were sign-ins."""
#: Those that no profile counts yet: none, as a rule, and then found at once.
Index(
    "ix_recordings_unprofiled",
    recordings.c.study,
    sqlite_where=~recordings.c.profiled,
    postgresql_where=~recordings.c.profiled,
)

identifications = Table(
    "identifications",
    METADATA,
    Column("recording", ForeignKey("recordings.id"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("catalogue_number", Text),
    Column("used", Text, nullable=False),
    Column("typed", Text),
    Column("probabilities", Text, nullable=False),
    Column("species", SmallInteger, nullable=False),
    Column("possible", Text, nullable=False),
    Column("misfit", Float, nullable=False),
    Column("own_collector", Text),
    Column("own_site", Text),
    Column("shadow_species", SmallInteger),
    Column("shadow_probability", Float),
    sqlite_with_rowid=False,
)
"""One plant: `used` and `typed` are JSON lists in the order of the model version's measurements (`typed` is null where it
says the same), `probabilities` a JSON list in the order of its species, `possible` the indices of the prediction set,
likeliest first, parted by spaces: empty where the plant fits no species. Who gathered it and where is null where the
recording says it for all its plants. `shadow_species` is what the challenger in the shadow would have said (-1: it fits none),
by its own study's order, and how sure it was. On PostgreSQL the
reference to `recordings` is held by triggers, once a statement and not once a row."""
#: A plant is looked for by the number on its label.
Index(
    "ix_identifications_catalogue_number",
    identifications.c.catalogue_number,
    sqlite_where=identifications.c.catalogue_number.is_not(None),
    postgresql_where=identifications.c.catalogue_number.is_not(None),
)

determinations = Table(
    "determinations",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("recording", Integer, nullable=False),
    Column("row", Integer, nullable=False),
    Column("answer", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("other", Text, nullable=False),
    Column("verbatim", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", String(10), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("remark", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_sha256", String(64), nullable=False),
    Column("entered_at", Moment, nullable=False),
    Column("entered_by", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    ForeignKeyConstraint(["recording", "row"], ["identifications.recording", "identifications.row"]),
    UniqueConstraint("recording", "row", "fingerprint"),
    sqlite_autoincrement=True,
)
"""What a person says of an identified specimen; slips are laid beside each other and never replaced. `at` is the day it was
determined in ISO 8601, or its year or month where the slip says no more, so that text sorts by time. `fingerprint` is the
same for the same word of the same person: the database itself keeps it from being written twice."""

withdrawals = Table(
    "withdrawals",
    METADATA,
    Column("determination", Integer, ForeignKey("determinations.id"), primary_key=True, autoincrement=False),
    Column("recording", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", Text, nullable=False),
)
"""Determinations that were taken back: the slip stays, and counts no more. `recording` is that of the determination."""

profiles = Table(
    "profiles",
    METADATA,
    Column("study", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("day", String(10), primary_key=True),
    Column("document", Text, nullable=False),
    ForeignKeyConstraint(["study", "version"], ["versions.study", "versions.version"]),
)
"""What the identifications of a version leave behind on one day (UTC): counts and sums as JSON, from which drift and expected
accuracy are computed without reading the plants again. Derived from the records and made again from them at any time."""

matched_columns = Table(
    "matched_columns",
    METADATA,
    Column("study", ForeignKey("studies.name"), primary_key=True),
    Column("header_sha256", String(64), primary_key=True),
    Column("document", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", Text, nullable=False),
)
"""Which columns of a file held which measurements, as a person said it, for the next file with the same header."""

checklists = Table(
    "checklists",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("study", ForeignKey("studies.name"), nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("gathers", Boolean, nullable=False),
    Column("names", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("added_by", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""The accepted names and synonyms of a study's genera, of a file that somebody gave; the newest of a study counts. `gathers`:
whether plants called by a synonym count as the accepted name's."""

announcements = Table(
    "announcements",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("study", ForeignKey("studies.name"), nullable=False, index=True),
    Column("verdict", String(16), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("before", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("claimed_at", Moment),
    Column("delivered_at", Moment),
    sqlite_autoincrement=True,
)
"""Changes of a study's verdict: who is delivering one claims it first."""

acknowledgements = Table(
    "acknowledgements",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("study", ForeignKey("studies.name"), nullable=False, index=True),
    Column("verdict", String(16), nullable=False),
    Column("findings", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
"""Why the plants are not as they were, as a person wrote it; `findings` is a JSON list of what was found then."""

outbox = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("study", ForeignKey("studies.name"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("key", String(160), nullable=False, unique=True),
    Column("document", Text, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)
"""Events that receivers are told of, as CloudEvents in JSON. `key` is the same for the same event, whoever notices it: it is
kept once."""

deliveries = Table(
    "deliveries",
    METADATA,
    Column("event", ForeignKey("outbox.id"), primary_key=True),
    Column("receiver", String(64), primary_key=True),
    Column("study", String(64), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Moment, nullable=False, index=True),
    Column("claimed_at", Moment),
    Column("delivered_at", Moment),
    Column("gave_up_at", Moment),
    Column("problem", Text, nullable=False, server_default=""),
)
"""One event on its way to one receiver, who is known by a checksum of the address: an address may hold a password. Who delivers
it claims it first; after a failure it waits until `next_at`."""

scheduler_runs = Table(
    "scheduler_runs",
    METADATA,
    Column("study", ForeignKey("studies.name"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("at", Moment),
    Column("decision", Text, nullable=False, server_default=""),
    Column("failed", Boolean, nullable=False, server_default=false()),
    Column("next_at", Moment),
)
"""The newest look ("look") and the newest night ("night") of the watch at each study: when, what it decided, and when the next
is due; `at` is null before the first."""

people = Table(
    "people",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment),
    Column("signed_out_at", Moment),
    UniqueConstraint("issuer", "subject"),
    sqlite_autoincrement=True,
)
"""Who may sign in, by the identity provider's own word for them. A sign-in from before `signed_out_at` counts no longer."""

role_grants = Table(
    "role_grants",
    METADATA,
    Column("person", ForeignKey("people.id"), primary_key=True),
    Column("role", String(16), primary_key=True),
    Column("granted_at", Moment, nullable=False),
    Column("granted_by", Text, nullable=False),
)
"""The roles that people have now; the audit trail tells those they had."""

tokens = Table(
    "tokens",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("roles", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", Moment),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
    sqlite_autoincrement=True,
)
"""Tokens of programs; only their hashes are kept. `roles` are parted by spaces."""

audit = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False, index=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("token", Integer),
    Column("use_case", String(64), nullable=False),
    Column("object", Text, nullable=False),
    Column("result", String(64), nullable=False),
    Column("door", String(16), nullable=False),
    Column("address", Text, nullable=False),
    Column("request", String(64), nullable=False),
    sqlite_autoincrement=True,
)
"""Who did or tried what: rows are only ever appended."""

__all__ = [
    "METADATA",
    "acknowledgements",
    "announcements",
    "audit",
    "deliveries",
    "determinations",
    "events",
    "identifications",
    "jobs",
    "matched_columns",
    "outbox",
    "profiles",
    "recordings",
    "scheduler_runs",
    "studies",
    "training_tables",
    "versions",
    "withdrawals",
]
