"""Files that come in: what is ours is read back whole, what is not is refused by name, and none of it is ever built."""

import io
import json
import pickle
import zipfile

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import FunctionTransformer

from flora_core.errors import Refused, TooLarge
from flora_core.identification.naming import predict_plants
from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.learning.algorithms.pipelines import Recipe, ShapeRatioColumns
from flora_core.storage.registry import skops_file
from flora_core.storage.registry.skops_file import audit, pack, read_model_data
from flora_core.workflows.models.incoming import model_of_parts, read_model
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import make_plants

BUILT = []


class Evil:
    def __reduce__(self):
        return (BUILT.append, ("built",))


def test_what_comes_in_is_what_went_out(champion):
    found = model_of_parts(read_model_data(pack(champion)))
    X = iris_plants().values
    assert (predict_plants(found, X).probabilities == predict_plants(champion, X).probabilities).all()
    assert found.card == champion.card
    assert (found.reference.probabilities == champion.reference.probabilities).all()


@pytest.mark.parametrize("species", [2, 3])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_pipeline_this_program_makes_passes_the_audit(champion, name, species):
    plants = make_plants((12,) * species, 17)
    algorithm = ALGORITHMS[name]
    settings = {h.name: h.default for h in algorithm.hyperparameters}
    for shape in (None, ShapeRatioColumns((0, 1, 2), (0.1, 0.1, 0.1))):
        for columns in (3, 17):
            recipe = Recipe(algorithm, settings, seed=0, gaps=True, shape=shape)
            pipeline = recipe.fit(plants.values[:, :columns], plants.species, species)
            content = skops.io.dumps({"pipeline": pipeline, "flora": 1})
            audit(content)


@pytest.mark.parametrize(
    "content",
    [pickle.dumps(Evil()), pickle.dumps(Evil(), protocol=0), b"", b"PK\x03\x04 no zip", b"a,b\n1,2\n"],
    ids=["pickle", "old pickle", "empty", "broken", "table"],
)
def test_what_is_no_skops_file_is_refused_and_never_built(content):
    with pytest.raises(Refused, match="pickle or joblib file|not a skops file"):
        read_model_data(content)
    assert BUILT == []


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3)])
def test_joblib_in_any_wrapping_is_refused(champion, compress):
    stream = io.BytesIO()
    joblib.dump(champion.fitted_pipeline, stream, compress=compress)
    with pytest.raises(Refused, match="Loading one runs whatever code is in it"):
        read_model_data(stream.getvalue())


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (SGDClassifier(), "sklearn.linear_model._stochastic_gradient.SGDClassifier"),
        (FunctionTransformer(np.sin), "numpy.sin"),
        (FunctionTransformer(json.loads), "json.loads"),
        (Evil, "tests.storage.registry.test_skops_file.Evil"),
        ({1, 2}, "builtins.set"),
    ],
    ids=["estimator", "ufunc", "function", "class", "set"],
)
def test_a_foreign_type_is_refused_by_its_name(champion, thing, name):
    content = skops.io.dumps({"flora": 1, "pipeline": thing, "card": champion.card.model_dump_json()})
    with pytest.raises(Refused, match=rf"what no model of this program is made of: .*{name}"):
        read_model_data(content)


def changed(content, edit):
    """The file with its parts changed: edit takes and gives {name: bytes}."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = edit({name: archive.read(name) for name in archive.namelist()})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()


def test_a_known_type_under_another_loader_is_refused(champion):
    def edit(parts):
        schema = (
            parts["schema.json"].replace(b'"FunctionNode"', b'"MethodNode"').replace(b'"TypeNode"', b'"ReduceNode"')
        )
        return {**parts, "schema.json": schema.replace(b'"JsonNode"', b'"PartialNode"')}

    with pytest.raises(Refused, match="builtins.str"):
        read_model_data(changed(pack(champion), edit))


def test_a_bomb_is_refused_before_it_goes_off(champion, monkeypatch):
    monkeypatch.setattr(skops_file, "_MOST_BYTES", 1_000_000)
    bomb = changed(pack(champion), lambda parts: {**parts, "x.npy": b"\0" * 2_000_000})
    assert len(bomb) < 100_000
    with pytest.raises(TooLarge, match="would unfold into 2 MB in"):
        read_model_data(bomb)


def test_an_array_that_says_it_is_larger_than_it_is_reserves_no_memory(champion):
    def edit(parts):
        name = next(name for name in parts if name.endswith(".npy"))
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
        return {**parts, name: stream.getvalue()}

    with pytest.raises(Refused, match="is not what it says"):
        read_model_data(changed(pack(champion), edit))


def test_an_array_of_objects_is_refused(champion):
    def edit(parts):
        name = next(name for name in parts if name.endswith(".npy"))
        stream = io.BytesIO()
        np.save(stream, np.array([Evil()], dtype=object), allow_pickle=True)
        return {**parts, name: stream.getvalue()}

    with pytest.raises(Refused, match="is not what it says"):
        read_model_data(changed(pack(champion), edit))
    assert BUILT == []


def test_parts_within_parts_without_end_are_refused(champion):
    deep = b'{"__class__":"dict","a":' * 100_000
    with pytest.raises(Refused):
        read_model_data(changed(pack(champion), lambda parts: {**parts, "schema.json": deep}))


def test_other_parts_and_other_skops_files_are_refused(champion):
    with pytest.raises(Refused, match="holds 'run.sh', which no model needs"):
        read_model_data(changed(pack(champion), lambda parts: {**parts, "run.sh": b"x"}))
    with pytest.raises(Refused, match="no model that this program exported"):
        read_model(skops.io.dumps({"something": "else"}), champion.study)
    with pytest.raises(Refused, match="can't be read by this program"):
        read_model(skops.io.dumps({"flora": 1, "card": "{}"}), champion.study)
