import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.errors import BadTable
from flora_core.tables.files.encodings import KEEP_BYTES, find_encoding

PLACES = {
    "German": "Länge Kelchblatt;Gößweinstein;Köln;Übermaß",
    "French": "Pétale longueur;forêt près de la rivière;à côté;Québec",
    "Spanish": "longitud del sépalo;año;España;Logroño;montaña",
    "Portuguese": "comprimento da pétala;São João;Conceição;botões",
    "Danish": "længde;Sjælland;Helsingør;Århus",
    "Italian": "città;più;lunghezza;località",
    "Czech": "délka kališního lístku;Řevnice;Český Šternberk;šířka;květ",
    "Polish": "długość płatka;szerokość;Łódź;Gdańsk;żółty;święto",
    "Hungarian": "szélesség;Győr;Pécs;fehér;erdő",
    "signs": "5 °C;10 µm;±2;× hybrida;2½",
}


def encoding_of(content):
    return find_encoding(io.BytesIO(content), "flowers.csv")


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *(
            (language, "cp1252")
            for language in ("German", "French", "Spanish", "Portuguese", "Danish", "Italian", "signs")
        ),
        *((language, "cp1250") for language in ("Czech", "Polish", "Hungarian")),
        *((language, "cp850") for language in ("German", "French", "Spanish", "Danish")),
        *((language, "mac_roman") for language in ("German", "French", "Spanish", "Portuguese", "Danish")),
    ],
)
def test_words_of_a_language_are_read_in_the_code_page_they_were_written_in(language, encoding):
    text = f"id;place\n1;{PLACES[language]}\n"
    found, notes = encoding_of(text.encode(encoding))
    assert text.encode(encoding).decode(found) == text
    assert "not in UTF-8" in notes[0]
    assert "If that is wrong, save it as UTF-8." in notes[0]


def test_a_guess_is_said_with_a_word_that_shows_whether_it_was_right():
    _, notes = encoding_of("id;place\n1;Köln\n".encode("cp1252"))
    assert notes == [
        "The file is not in UTF-8; its letters were read as Windows-1252, as in “Köln”. If that is wrong, save it as UTF-8."
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Длина чашелистика;ширина;лес;Москва", "cp1251"),
        ("花萼长度;花瓣宽度;北京植物园;高山", "gb18030"),
        ("μήκος σεπάλου;πλάτος;Αθήνα", "cp1253"),
    ],
)
def test_other_scripts_are_left_to_the_library_that_knows_them(text, encoding):
    found, _ = encoding_of(f"id;x\n1;{text}\n".encode(encoding))
    assert f"id;x\n1;{text}\n".encode(encoding).decode(found) == f"id;x\n1;{text}\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("编号,萼片长,萼片宽,花瓣长,花瓣宽", "gb18030"),
        ("標本番号,萼片の長さ,萼片の幅,花弁の長さ", "shift_jis"),
        ("編號,花萼長度,葉寬度,花瓣長度", "big5"),
    ],
)
def test_a_header_alone_is_read_in_the_script_that_names_what_is_measured(text, encoding):
    found, _ = encoding_of(f"{text}\nA1,5.1,3.5,1.4,0.2\n".encode(encoding))
    assert text.encode(encoding).decode(found) == text


@pytest.mark.parametrize(
    ("encoding", "found", "notes"),
    [
        ("utf-8", "utf-8", []),
        ("utf-8-sig", "utf-8-sig", []),
        ("utf-16", "utf-16", ["The file is in UTF-16."]),
        ("utf-16-le", "utf-16-le", ["The file seems to be in UTF-16."]),
        ("utf-16-be", "utf-16-be", ["The file seems to be in UTF-16."]),
        ("utf-32", "utf-32", ["The file is in UTF-32."]),
    ],
)
def test_unicode_is_proven_not_guessed(encoding, found, notes):
    assert encoding_of("id,place\n1,Köln in the Übermaß\n".encode(encoding)) == (found, notes)


def test_a_mark_of_utf8_does_not_keep_the_rest_from_being_something_else():
    found, notes = encoding_of(b"\xef\xbb\xbfid;place\n1;K\xf6ln\n")
    assert found == "cp1252"
    assert "“Köln”" in notes[0]


@pytest.mark.parametrize("content", [b"id,x\n1,\x00\n", "id,x\n1,\0\n".encode("utf-16"), bytes(range(256)) * 20])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(BadTable, match=r"flowers.csv is not a text file. Tables are read from"):
        encoding_of(content)


def test_utf16_that_breaks_off_is_damaged():
    with pytest.raises(BadTable, match="it begins as UTF-16 and does not go on so. Save it again, as UTF-8"):
        encoding_of("id,place\n".encode("utf-16") + b"\x00\xd8\x00")


def test_strange_letters_at_the_end_of_a_long_file_are_found():
    found, _ = encoding_of(b"id;place\n" + b"1;bog\n" * 2_000_000 + b"2;K\xf6ln\n")
    assert found == "cp1252"


def test_a_byte_that_is_no_letter_of_its_code_page_is_kept():
    assert b"caf\xe9 \x81".decode("cp1252", errors=KEEP_BYTES) == "café \x81"


def test_every_file_gets_an_answer_or_a_refusal():
    shuffled = random.Random(7)
    for _ in range(200):
        content = bytes(shuffled.randrange(256) for _ in range(shuffled.randrange(1, 60)))
        try:
            name, _ = encoding_of(content)
        except BadTable:
            continue
        content.decode(name, errors=KEEP_BYTES)


@given(st.binary(max_size=200))
def test_any_bytes_give_an_encoding_or_a_refusal(content):
    try:
        name, notes = encoding_of(content)
    except BadTable:
        return
    content.decode(name, errors=KEEP_BYTES)
    assert all(note.endswith(".") for note in notes)
