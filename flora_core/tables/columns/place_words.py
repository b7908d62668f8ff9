"""Headers of coordinates, altitudes, times and numbers of groups, in the spellings and languages of field programs.

A word decides where it has one meaning. Where it has several ("Länge" is a length and a longitude, "X" anything), what stands
beside it and what the column holds decide.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from flora_core.model import Floats
from flora_core.tables.columns.header_words import fold_accents, is_character_name
from flora_core.tables.values.text import word_set

#: Beginnings of words that stand in headers of coordinates, altitudes and times alone, wherever they stand.
_ALWAYS: Final = tuple(
    """latitud longitudin longitude easting northing ostwert nordwert hochwert rechtswert breitengrad langengrad laengengrad
    breddegrad lengdegrad lengtegraad breedtegraad zemepisn geogr koordin coordin coorden coordon koord coord utm wgs etrs epsg
    mgrs lambert gauss georef gpslat gpslon latdec longdec londec latdeg longdeg londeg decimallat decimallon
    altitud elevac elevation altitudin seehoh seehoeh meereshoh meereshoeh hohenmeter hoehenmeter hoogteligging msnm msm masl
    meterabove abovesea nadmorsk rakim altimetr isohyps foldrajzi sweref osgb ddlat ddlon ddlong""".split()  # noqa: SIM905  easier to read than a list
)
#: Words that are of place or time wherever they stand.
_WORDS: Final = word_set(
    "eov kkj sjtsk enlem boylam srtm "
    "msnm utm gps dgps lat lats lon lng elev year jahr annee ano anno rok datum fecha date dates doy julian"
)
#: Words that are where they stand alone, but for numbers and units.
_ALONE: Final = word_set(
    "dem alti lat lon lng long alt day month week time hour season monat mois mes mese tag quota cote kote elev"
)
#: Words of coordinates in which nothing else may stand but those of the next list: "LatN", "Geo_LongDegree", "N (deg)".
_AXES: Final = word_set(
    "lat lats lon lng long latitude longitude longitud northing easting breite lange laenge sirka delka szer dl szerokosc "
    "dlugosc n s e w o x y z east west north south nord ost sud est oeste este norte sur ouest oost zuid noord sever jih "
    "vychod zapad ch lv"
)
_COMPASS: Final = word_set(
    "n s e w o x y z east west north south nord ost sud est oeste este norte sur ouest oost zuid noord sever jih vychod zapad"
)
#: Axes that are lengths and widths in other tables.
_LENGTHS_TOO: Final = word_set("breite lange laenge long longitud sirka delka szer dl szerokosc dlugosc")
_BESIDE_AXES: Final = word_set(
    "deg degree degrees grad grado grados gradi degre degres stupen stupne stopnie d dd dec decimal decimale decimales "
    "dezimal wgs etrs geo gps utm min sec dms gms map verbatim gis m value val point pt pos position location loc field "
    "punkt punto grid ref geometry geom rt zem zemep"
)
#: Of these one must be there, that axes are believed: angles and systems of coordinates.
_SYSTEMS: Final = word_set(
    "deg degree degrees grad grado grados gradi degre degres stupen stupne stopnie dd dec decimal decimale decimales dezimal "
    "wgs etrs geo gps utm dms gms gis lat lats lon lng latitude longitude lv ch point verbatim position grid geometry geom rt "
    "zem"
)
#: Parts of headers in other letters, and whole headers of which only the letters are looked at.
_OTHER_LETTERS: Final = (
    *(
        "широта",
        "долгота",
        "довгота",
        "висотан",
        "высотан",
        "координат",
        "высотанад",
        "высоданад",
        "надуровнем",
        "緯度",
        "経度",
        "纬度",
        "经度",
        "坐标",
        "座標",
    ),
    *("海拔", "標高", "标高", "γεωγραφικ", "υψόμετρο", "υψομετρο"),
)
_WHOLE: Final = word_set(
    "mum hohemum hoheumm hoheuberdemmeer hoheunn hohenn hoheum hoheumnn hohemunn hoeheunn hoehenn hoeheuenn hoeheum "
    "hohem hohemumnn gkx gky gpsn gpse gpsx gpsy pointx pointy xcoord ycoord coordx coordy utme utmn utmx utmy altm elevm "
    "elevft altft alturasnm alturamsnm nadmvyska nadmvyskam mnpm mslm mosl dpl hoogtenap"
)
#: What tells a place within longer words, and short words written as one: "verbatimlatitude", "LATN".
_WITHIN: Final = ("latitud", "longitude", "longitudin", "altitud", "koordin", "coordin")
_GLUED: Final = re.compile(
    r"(?:gps|geo|wgs)?(?:lat|lon|lng|long)(?:n|w|dd|deg|dec|wgs)|(?:gps|geo|wgs)(?:lat|lon|lng|long)"
)
#: Above the level of a sea, as letters behind a height.
_ABOVE_SEA: Final = ("asl", "masl", "snm", "slm", "npm", "mnap", "nhn", "unn", "nap")
#: The same as words of their own, in the languages that write it out, and the national zeros of heights.
_SEA: Final = word_set("moh mpy tszf tengerszint ngf havet havsniva zeeniveau nadm nhh odn navd navgd dhhn")
_GROUP_WORDS: Final = word_set(
    "cluster clusters kmeans klaster kluster group groups gruppe gruppen grupo groupe gruppo grp gr class classes klasse "
    "klassen classe clase klass tridy trida pred predicted prediction label labels target fold split trainset code kode "
    "species sp spec taxon taxa art especie espece yhat clust hclust gmm dbscan clade structure"
)
_BESIDE_GROUPS: Final = word_set(
    "no nr num number id idx index n of the a pca pc lda umap tsne hclust k means kmeans cut cutree assigned assignment new "
    "old true final int numeric num nummer nro numero key val pam"
)


def names_place_or_time(header: str, values: Floats) -> bool:
    """Whether a column says where or when a plant grew.

    Parameters
    ----------
    values : (n,) float
        What it holds, without gaps.
    """
    folded = fold_accents(header).replace("ı", "i")
    letters = re.sub(r"[\W\d_]+", "", folded)
    joined = re.sub(r"[^a-z]+", "", folded)
    words = _words(header)
    if any(part in letters for part in _OTHER_LETTERS) or joined in _WHOLE or joined.endswith(_ABOVE_SEA):
        return True
    if any(part in joined for part in _WITHIN) or _GLUED.fullmatch(joined):
        return True
    if set(words) & (_SEA | set(_ABOVE_SEA)):
        return True
    if not words or _is_character(words, header):
        return False
    if any(word.startswith(_ALWAYS) for word in words) or _WORDS & set(words) or joined.startswith(_ALWAYS):
        return True
    if set(words) <= _ALONE or (len(words) == 1 and joined in _ALONE):
        return True
    if not set(words) <= _AXES | _BESIDE_AXES or not set(words) & _AXES:
        return False
    axes = set(words) & _AXES
    if set(words) & _SYSTEMS or (axes & _COMPASS and axes - _COMPASS):
        return True
    return not axes & _LENGTHS_TOO and _are_like_coordinates(values)


def _is_character(words: list[str], header: str) -> bool:
    """Whether a header names a part of a plant: "sepal longitud" is a length."""
    return (
        is_character_name(header)
        and not set(words) <= _AXES | _BESIDE_AXES
        and not any(word.startswith(_ALWAYS) for word in words)
    )


def _are_like_coordinates(values: Floats) -> bool:
    """Whether values are degrees with more digits than anything is measured with, or metres of a grid."""
    if not len(values) or np.ptp(values) == 0:
        return False
    digits = np.abs(values - np.round(values, 3)) > 1e-9
    degrees = bool((np.abs(values) <= 180).all()) and digits.mean() > 0.5
    return degrees or bool((np.abs(values) > 10_000).all())


def names_group_number(header: str, values: Floats) -> bool:
    """Whether a column of few whole numbers is called like groups that plants were put into: clusters, classes, codes."""
    words = _words(header)
    if not words or not set(words) & _GROUP_WORDS or set(words) - _GROUP_WORDS - _BESIDE_GROUPS:
        return False
    return bool((values == np.round(values)).all()) and len(np.unique(values)) <= max(20, len(values) / 10)


def _words(header: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", header.replace("°", " deg "))
    return [word for word in re.split(r"[^a-z]+", fold_accents(spaced).replace("ı", "i")) if word]
