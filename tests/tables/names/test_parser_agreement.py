"""Names that are hard to part from what stands behind them, read as GBIF's parser reads them; and what we keep apart on purpose."""

import pytest

from benchmarks.plant_names import by_label, by_parser, compare
from flora_core.tables.names.labels import read_label

HARD = """Nitzschia linearis var. subsigmoidea Grunow in Van Heurck, 1880-1885, 1882-1885
Amphora gracilis f. parva Truan y Luard, 1884
Acacia bicolor Bojer ms.
Acer saccharinum L. cv. 'Asplenifolium' de Bie
Actinostemon verticillatus Baill. f. subinermis Müll.Arg.
Alstonia pneumatophora Backer ex L.G.den Berger
Antirhea tenuiflora F. v. Muell. ex Benth.
Ardisia curvistyla Yuen P.Yang
Aster silenifolius Turcz. ec DC.
Baccharis microphylla Kunth var. rhomboidea Wedd. ex Sch. Bip. (nom. nud.)
Breynia cernua (Poir.) Müll.Arg. var. acutifolia (Müll.Arg.) Müll.Arg.
Centaurea subciliaris Boiss. & Heldr. sssp. acarnanica Matthas
Cerastium octandrum Hochst. ex A.Rich. ampl. Möschl
Chondria bullata N'Yeurt & Payri
Crypsis alpicola Hochst. (in sched. rite publ.)
Dicranoloma braunii (Müll.Hal. ex Bosch & Sande Lac.) Paris
Dracaena marina Bos ined.
Eugenia littorea Engl. & v. Brehm
Evolvulus bogotensis v. Ooststroom
Ficus d'albertisii King
Gracilaria huangii Showe-Mei Lin & De Clerck
Hieracium brachiatum ssp. villarsii (F.W.Schultz & Sch.Bip.) Nägeli & Peter
Loranthus incanus Schumach. & Thonn.  sessilis Sprague
Phoma schneiderae Boerema, Gruyter & van de Graaf
Rhododendron walongense Kingdon-WardKingdon-Ward
Rubus hirtus Rchb. microg pectinatus Sudre & Gavet
Savia clusiifolia Griseb. (nom. rej. prop.)
Sedum montanum Songeon & E.P.Perrier subsp. orientale 't Hart
Stylosanthes bahiensis 't Mannetje & G.P.Lewis
Symphoricarpos x chenaultii Rehder cv. 'Magic Berry'
Talbotiella velutina ined.
Taraxacum albidum v. Soest
Bellis perennis (Linnaeus, 1758)
Bellis perennis L., Sp. Pl. 2: 886. 1753
Carex flava L. s.l.
Rosa 'Queen Elizabeth'
× Cupressocyparis leylandii (A.B.Jacks. & Dallim.) Dallim.""".splitlines()


@pytest.mark.parametrize("text", HARD)
def test_the_name_ends_where_the_parser_ends_it(text):
    if (wanted := by_parser(text)) is not None:
        assert by_label(text) == wanted


def test_the_names_are_compared_at_all():
    compared, differ = compare(HARD)
    assert compared >= 34
    assert differ == []


@pytest.mark.parametrize(
    "text",
    [
        "Iris setosa (Gaspé)",
        "Iris setosa det. Smith",
        "Iris setosa Male",
        "Iris setosa clade A.2",
        "Iris setosa Tree No. 5",
    ],
)
def test_what_is_no_author_stays(text):
    assert read_label(text).name == text
