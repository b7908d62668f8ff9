"""One suite for the folder and the bucket: both answer alike."""

import io
import uuid

import pytest

from flora_core.errors import Conflict, FloraError, Refused, Unavailable, Unknown, WrongSetting
from flora_core.storage.files.object_files import files_below


@pytest.fixture(params=["folder", "bucket"])
def below(request, tmp_path):
    if request.param == "folder":
        return files_below(str(tmp_path / "there"))
    return files_below(request.getfixturevalue("bucket"))


def content(store, name):
    with store.open(name) as stream:
        return stream.read()


def test_what_is_put_is_listed_read_replaced_and_deleted(below):
    below.put("b/two.csv", io.BytesIO(b"22"))
    below.put("one.csv", io.BytesIO(b"1"))
    assert [(f.name, f.size) for f in below.files()] == [("b/two.csv", 2), ("one.csv", 1)]
    before = below.files()[1].mark
    below.put("one.csv", io.BytesIO(b"other"))
    assert content(below, "one.csv") == b"other"
    assert below.files()[1].mark != before
    below.delete("one.csv")
    below.delete("one.csv")
    assert [f.name for f in below.files()] == ["b/two.csv"]


def test_a_new_file_never_replaces_another(below):
    below.put("1/card.json", io.BytesIO(b"mine"), new=True)
    with pytest.raises(Conflict):
        below.put("1/card.json", io.BytesIO(b"theirs"), new=True)
    assert content(below, "1/card.json") == b"mine"
    assert [f.name for f in below.files()] == ["1/card.json"]


def test_a_large_file_comes_back_to_the_byte(below):
    large = bytes(range(256)) * 60_000
    below.put("large", io.BytesIO(large))
    assert content(below, "large") == large


def test_what_is_not_there_is_said(below):
    with pytest.raises(Unknown, match="not there"):
        below.open("nothing.csv")
    assert below.files() == []


@pytest.mark.parametrize("name", ["", "..", "../x", "a//b", "/etc/passwd", "a/./b", "a\\b", "a\0b"])
def test_a_name_leads_nowhere_else(below, name):
    for act in (below.open, below.delete, lambda n: below.put(n, io.BytesIO(b""))):
        with pytest.raises(Refused, match="no name of a file"):
            act(name)


def test_a_store_that_does_not_answer_and_an_address_that_is_none_are_sentences(bucket, monkeypatch, tmp_path):
    with pytest.raises(FloraError, match=r"\.$"):
        files_below(f"s3://{uuid.uuid4().hex}").files()
    with pytest.raises(WrongSetting, match="no address of an object store"):
        files_below("s3://")
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unavailable, match="can't be used"):
        files_below(str(tmp_path / "file")).put("x", io.BytesIO(b""))
