"""Upload folders: files under names of ours, gone with their visitor."""

import gc
import io
import os
import tempfile
import time
from pathlib import Path

import pytest

from flora_core.errors import Unavailable
from flora_core.storage.files.upload_folder import UploadFolder, delete_stale_upload_folders


def test_what_is_put_down_can_be_read_and_goes_with_its_folder():
    folder = UploadFolder()
    assert folder.save("table", io.BytesIO(b"a,b\n1,2\n")) == 8
    with folder.open_read("table") as file:
        assert file.read() == b"a,b\n1,2\n"
    place = Path(folder.path("table")).parent
    assert place.stat().st_mode & 0o077 == 0
    folder.clear()
    assert not place.exists()


def test_it_goes_when_nobody_holds_it_any_more():
    folder = UploadFolder()
    place = Path(folder.path("x")).parent
    del folder
    gc.collect()
    assert not place.exists()


def test_folders_of_killed_processes_are_swept_after_a_day():
    held, new = UploadFolder(), UploadFolder()
    place = Path(tempfile.mkdtemp(prefix="flora-upload-"))
    day = time.time() - 25 * 3600
    for folder in (place, Path(held.path("x")).parent):
        for path in (*folder.iterdir(), folder):
            os.utime(path, (day, day))
    assert delete_stale_upload_folders() >= 1
    assert not place.exists()
    assert Path(held.path("x")).parent.exists()
    assert Path(new.path("x")).parent.exists()


def test_a_full_disk_is_a_sentence(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    folder = UploadFolder()
    monkeypatch.setattr("flora_core.storage.files.upload_folder.shutil.copyfileobj", full)
    with pytest.raises(Unavailable, match="No space left on device"):
        folder.save("table", io.BytesIO(b""))
