"""Headers of coordinates, altitudes and groups in many spellings, and those of plants that look like them."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flora_core.tables.columns.place_words import names_group_number, names_place_or_time

RNG = np.random.default_rng(3)
DEGREES, METRES = RNG.uniform(45, 52, 60), RNG.uniform(300, 900, 60).round()
LENGTHS = RNG.normal(5, 1, 60).round(1)

PLACES = """Hochwert|Rechtswert|POINT_X|LatN|Geo_LongDegree|WGS84_N|GPS East|coord_x|Coordinate X|UTM_E|Longitud decimal|Latitudine
Zeměpisná délka|szer. geogr.|Breite (Grad)|Länge (Grad)|geogr. Breite|Longitude (dd)|decimalLatitude|Lon_WGS84|y_wgs84|E_LV95
CH1903 Y|Gauss-Krüger X|lambert93_x|lat.|long (°E)|N (deg)|широта|经度|coordenada_x|Längengrad|Ostwert|Easting (m)|gpsLat
Latitud Norte|coordonnée X|asl|Altitude (m)|Elev.|m ü. M.|Höhe ü. NN|Seehöhe (m)|altitud_m|quota|cote|m a.s.l.|Elevation_ft
nadm. výška|wysokość n.p.m.|высота над уровнем моря|海拔高度|Hoogte (m NAP)|m.s.n.m.|Elevación|Altitudine s.l.m.|Höhenmeter
rakım|SWEREF99_N|RT90 X|EOV_X|DDLon|geometry.x|Grid ref E|pohjoiskoordinaatti|noordercoördinaat|enlem|boylam|довгота
földrajzi szélesség|hauteur NGF|hoogte boven zeeniveau|höjd över havet|tszf. magasság|korkeus mpy|moh|srtm_alt|DEM
date|Jahr|sampling year""".replace("\n", "|").split("|")
PLANTS = """sepal longitud|petal length|Länge|breite|longueur|largeur|Blattlänge (mm)|Pflanzenhöhe|altezza|hoogte|výška (cm)|style long
petal angle (°)|height (cm)|stem height m|leaf number|teeth|ray florets|latex index|alternate leaf width
chromosome number|corolla tube|magasság|höjd (cm)|node height|demography index|anther exsertion|eccentricity|maximum width|easter lily tepal length""".replace(
    "\n", "|"
).split("|")


@pytest.mark.parametrize("header", PLACES)
def test_places_and_times(header):
    values = DEGREES if header not in ("asl", "quota") else METRES
    for written in (header, header.upper(), header.lower()):
        assert names_place_or_time(written, values), written


@pytest.mark.parametrize("header", PLANTS)
def test_characters_of_plants(header):
    assert not names_place_or_time(header, LENGTHS)


@given(
    st.sampled_from(["GPS ", "Geo_", "decimal ", "WGS84 ", "verbatim", "", "pos. ", "map_"]),
    st.sampled_from(
        ["Latitude", "Longitude", "Lat", "Lon", "Long", "latitud", "longitude", "LATITUDE", "Northing", "Easting"]
    ),
    st.sampled_from([" (deg)", "_dd", " (WGS84)", "N", " decimal", "_m", " [°]", ""]),
)
def test_coordinates_put_together(before, word, behind):
    # "Long" alone and "Long_m" are lengths as well.
    assume(word != "Long" or before not in ("", "pos. ", "map_") or behind not in ("", "_m"))
    assert names_place_or_time(f"{before}{word}{behind}", DEGREES)


def test_a_letter_is_an_axis_by_what_it_holds():
    assert names_place_or_time("Y", DEGREES)
    assert names_place_or_time("N", RNG.uniform(5_400_000, 5_500_000, 60))
    assert not names_place_or_time("Y", LENGTHS)


@pytest.mark.parametrize(
    "header",
    [
        "cluster",
        "Cluster no",
        "k-means group",
        "Gruppe",
        "PC group",
        "pred_class",
        "klasse_nr",
        "sp_no",
        "label2",
        "hclust",
        "PAM cluster",
        "STRUCTURE K",
    ],
)
def test_numbers_of_groups(header):
    assert names_group_number(header, np.tile([1.0, 2.0, 3.0], 20))
    assert not names_group_number(header, LENGTHS)


@pytest.mark.parametrize("header", ["leaf group length", "teeth", "ploidy", "2n", "flower number", "leaf type width"])
def test_counts_are_no_numbers_of_groups(header):
    assert not names_group_number(header, np.tile([1.0, 2.0, 3.0], 20))
