"""The application context: settings, database, studies, registry and records, as every workflow is handed them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from flora_core.access import NOBODY, Principal, UseCase, is_allowed, local_principal
from flora_core.errors import NoChampion, Refused
from flora_core.model import Model
from flora_core.settings import Settings, read_settings
from flora_core.storage.access.audit_trail import AuditTrail
from flora_core.storage.access.people import People
from flora_core.storage.access.tokens import Tokens
from flora_core.storage.alert_outbox import AlertOutbox
from flora_core.storage.checklists import Checklists
from flora_core.storage.column_mappings import ColumnMappings
from flora_core.storage.database import Database
from flora_core.storage.files.batch_store import BatchStore, batch_store, batches_folder
from flora_core.storage.job_queue import JobQueue
from flora_core.storage.records.determinations import Determinations
from flora_core.storage.records.identifications import Records
from flora_core.storage.records.profiles import Profiles
from flora_core.storage.registry.registry import Registry
from flora_core.storage.shared_locks import SharedLocks
from flora_core.storage.studies import Studies

#: Seconds for which `champion_lately` believes what it was told.
CHAMPION_TTL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class AppContext:
    """What a workflow works with, and who asks. Made once a process; safe to share between threads.

    Attributes
    ----------
    principal : Principal
        Who acts through this context; `acting_as` gives the same context for somebody else.
    door, address : str
        How the request came, and from which network address, for the audit trail.
    """

    settings: Settings
    database: Database
    studies: Studies
    checklists: Checklists
    registry: Registry
    records: Records
    column_mappings: ColumnMappings
    alert_outbox: AlertOutbox
    determinations: Determinations
    jobs: JobQueue
    profiles: Profiles
    batches: BatchStore
    locks: SharedLocks
    people: People
    tokens: Tokens
    audit: AuditTrail
    principal: Principal = NOBODY
    door: str = ""
    address: str = ""
    _champion_cache: dict[str, tuple[float, int]] = field(default_factory=dict, repr=False)
    _on_close: list[Callable[[], None]] = field(default_factory=list, repr=False)
    _loaded: dict[tuple[str, int], Model] = field(default_factory=dict, repr=False)
    _loading: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def acting_as(self, principal: Principal, door: str = "", address: str = "") -> AppContext:
        """The same context, with what it holds, for somebody else."""
        return replace(self, principal=principal, door=door, address=address)

    def current_principal(self) -> Principal:
        """Who acts, with the roles of this moment: one that was taken away is gone at once.

        Raises
        ------
        DatabaseUnavailable
        """
        who = self.principal
        if who.is_person:
            person = self.people.find_cached(who.issuer, who.subject)
            return replace(who, roles=frozenset() if person is None else person.roles)
        return who

    def allows(self, use_case: UseCase) -> bool:
        """Whether who acts may do this, by the roles of this moment."""
        return is_allowed(self.current_principal(), use_case)

    def signed_by(self, typed: str) -> str:
        """The name that stands beside what is done: of who signed in their own; where nobody signs in, what was typed.

        Raises
        ------
        Refused
            Nobody signs in, and neither was a name typed nor one remembered.
        """
        who = self.principal
        if not who.types_names:
            return typed if who.is_service and typed.strip() else who.name
        name = " ".join(typed.split()) or who.name
        if not name:
            raise Refused("Who is it? Give a name; records without a person can't be asked about later.")
        return name

    def champion(self, study: str) -> Model:
        """The model that identifies the study's plants now.

        Which version that is, is asked of the database at every call, so that a promotion by another process is seen at
        once; its files are read the first time only.

        Raises
        ------
        NoChampion, ArtifactRefused, DatabaseUnavailable
        """
        version = self.registry.champion_version(study)
        if version is None:
            self.studies.get(study)
            raise NoChampion(
                f"{study} has no champion yet. Train a model (python -m flora_core train --study {study}), then promote it "
                "(python -m flora_core models promote VERSION --why REASON)."
            )
        return self.model(study, version)

    def champion_cached(self, study: str) -> Model:
        """As `champion`, by a word of the database that may be a fifth of a second old: for doors that are asked hundreds of
        times a second.
        """
        asked, version = self._champion_cache.get(study, (-math.inf, 0))
        if time.monotonic() - asked < CHAMPION_TTL_SECONDS:
            return self.model(study, version)
        model = self.champion(study)
        self._champion_cache[study] = (time.monotonic(), model.card.version or 0)
        return model

    def model(self, study: str, version: int) -> Model:
        """A version's model; its files are read the first time only.

        Raises
        ------
        Unknown, ArtifactRefused
        """
        found = self._loaded.get((study, version))
        if found is None:
            with self._loading:
                found = self._loaded.get((study, version)) or self.registry.load(study, version)
                # A version never changes, so what was loaded stays true; a few are enough for any screen.
                while len(self._loaded) >= 8:
                    self._loaded.pop(next(iter(self._loaded)))
                self._loaded[study, version] = found
        return found

    def on_close(self, stop: Callable[[], None]) -> None:
        """Have something stopped before the database is closed."""
        self._on_close.append(stop)

    def close(self) -> None:
        """Stop what runs in the background, then close the database's connections."""
        for stop in self._on_close:
            stop()
        self.audit.flush()
        self.locks.close()
        self.database.close()


def open_context(settings: Settings | None = None) -> AppContext:
    """The context for these settings, or for those of the environment; opens no file and no connection yet.

    It acts for the operating system's user, who holds the database and the models in any case; a server gives each request
    the context of who sent it (`acting_as`), and that of nobody where nobody is known.

    Raises
    ------
    WrongSetting
    """
    settings = settings or read_settings()
    database = Database(settings.database_url)
    locks = SharedLocks(database, _folder_of_locks(database, settings))
    return AppContext(
        settings,
        database,
        Studies(database),
        Checklists(database),
        Registry(database, settings.models, settings.cache),
        Records(database),
        ColumnMappings(database),
        AlertOutbox(database),
        Determinations(database),
        JobQueue(database),
        Profiles(database),
        batch_store(settings.results or batches_folder(database, settings.models), locks, settings.cache),
        locks,
        People(database),
        Tokens(database),
        AuditTrail(database),
        local_principal(),
    )


def _folder_of_locks(database: Database, settings: Settings) -> Path:
    """Where the locks of SQLite lie: with the models, or beside the database where these are in an object store."""
    if isinstance(settings.models, Path):
        return settings.models
    return database.path.parent if database.path is not None else settings.cache
