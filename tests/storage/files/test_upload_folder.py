"""The desk: files under names of ours, gone with their visitor."""

import gc
import io
import os
import time
from pathlib import Path

import pytest

from flora_core.errors import Unavailable
from flora_core.storage.files.upload_folder import Desk, sweep_desks


def test_what_is_put_down_can_be_read_and_goes_with_the_desk():
    desk = Desk()
    assert desk.put("table", io.BytesIO(b"a,b\n1,2\n")) == 8
    with desk.reading("table") as file:
        assert file.read() == b"a,b\n1,2\n"
    folder = Path(desk.path("table")).parent
    assert folder.stat().st_mode & 0o077 == 0
    desk.clear()
    assert not folder.exists()


def test_it_goes_when_nobody_holds_it_any_more():
    desk = Desk()
    folder = Path(desk.path("x")).parent
    del desk
    gc.collect()
    assert not folder.exists()


def test_desks_of_killed_processes_are_swept_after_a_day():
    old, new = Desk(), Desk()
    folder = Path(old.path("x")).parent
    day = time.time() - 25 * 3600
    os.utime(folder, (day, day))
    assert sweep_desks() >= 1
    assert not folder.exists()
    assert Path(new.path("x")).parent.exists()


def test_a_full_disk_is_a_sentence(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    desk = Desk()
    monkeypatch.setattr("flora_core.storage.files.upload_folder.shutil.copyfileobj", full)
    with pytest.raises(Unavailable, match="No space left on device"):
        desk.put("table", io.BytesIO(b""))
