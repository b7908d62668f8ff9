"""Where the files of model versions lie: a folder of this machine, or a bucket of an object store that all replicas reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from flora_core.storage.files.object_files import is_remote

ARTIFACT: Final = "model.joblib"
CARD: Final = "card.json"
#: Beside the files of a version that has no row yet, or whose row is about to go: a sweep deletes it where the process died.
UNREGISTERED: Final = ".unregistered"


class VersionStore(Protocol):
    """The files of all versions of all studies: `<study>/<version>/model.joblib` and `card.json`, whole or not at all.

    Attributes
    ----------
    place : str
        The folder or the address below which they lie.
    """

    place: str

    def save(self, study: str, artifact: bytes, card_of: Callable[[int], bytes], first: int) -> int:
        """Save a version under the first free number from `first` on; its number.

        It carries a mark that it has no row yet, which `mark_registered` takes away.

        Raises
        ------
        Unavailable
            Nothing can be written there; nothing is left behind.
        """

    def content(self, study: str, version: int, name: str, sha256: str, *, fresh: bool = False) -> bytes:
        """One file of a version, after it was compared with its checksum.

        Parameters
        ----------
        fresh : bool
            Whether it is read from where it lies, also where there is a copy of it on this machine.

        Raises
        ------
        ArtifactRefused
            It is missing, or is not the one that was registered.
        Unavailable
            The store does not answer.
        """

    def open_file(self, study: str, version: int, name: str) -> BinaryIO:
        """One file of a version as it lies there; closed by the caller.

        Raises
        ------
        OSError, Unknown
            It can't be read, or is not there.
        Unavailable
            The store does not answer.
        """

    def take_in(self, study: str, folder: Path) -> None:
        """Take a study's versions from a folder of this machine that a backup was unpacked to.

        Raises
        ------
        OSError, Unavailable
            They can't be written; some of them may be there.
        """

    def delete_study(self, study: str) -> None:
        """Delete all files of a study, whatever they are: what a restore that was stopped half-way left."""

    def remove(self, study: str, version: int) -> None:
        """Take back a version that was saved but could not be registered."""

    def mark_unregistered(self, study: str, numbers: Iterable[int]) -> None:
        """Note beside the files of versions that their rows are about to go."""

    def mark_registered(self, study: str, numbers: Iterable[int]) -> None:
        """Take the note back: they have their rows. Where that fails, the rows count."""

    def delete_removed(self, study: str, numbers: Iterable[int]) -> None:
        """Delete the files of versions whose rows are gone."""

    def studies(self) -> list[str]:
        """The studies of which there are files."""

    def leftovers(self, study: str, registered: set[int]) -> list[str]:
        """What no registered version owns: left by a process that was killed while it saved. Harmless."""

    def delete_leftovers(self, study: str, registered: set[int], seconds: float) -> int:
        """Delete what a killed process left while it saved or removed a version; how many versions that was.

        Parameters
        ----------
        registered : set of int
            The versions that are there. A number is taken for a leftover only below the newest of them, or where it says so
            itself: above them may stand what another database knows of.
        seconds : float
            For how long nothing of it was touched; what somebody holds stays, however old.
        """


def version_store(models: Path | str, cache: Path) -> VersionStore:
    """The store at a place.

    Parameters
    ----------
    models : Path or str
        A folder, or the address of an object store ("s3://bucket/models").
    cache : Path
        The folder in which copies of what lies in an object store are kept, by their checksums.

    Raises
    ------
    WrongSetting
        The address is none, or obstore is not installed here.
    """
    if is_remote(str(models)):
        from flora_core.storage.registry.version_bucket import VersionBucket

        return VersionBucket(str(models), cache)
    from flora_core.storage.registry.version_folders import VersionFolders

    return VersionFolders(Path(models))


def way_out(what: str) -> str:
    """The message about a version whose files are lost, whether there is one before it or none."""
    return (
        f"{what} Restore it from a backup, or go back to another version: python -m flora_core models rollback --why '...'. "
        "Where there is none, train a new one (python -m flora_core train) and promote it in its place: python -m flora_core "
        "models promote VERSION --overrule --by WHO --why '...'"
    )
