"""The life of a model by command: trained, compared, promoted, rolled back, retired, and read in the history."""

import json
import shutil

import pytest

from tests.cli.test_commands import flora  # noqa: F401  the fixture that runs a command


@pytest.mark.slow
def test_the_life_of_a_version(flora):  # noqa: F811
    trained = flora("train", "--algorithm", "tree", "--set", "depth=1", "--set", "leaf=50", "--by", "Ada", "--json")
    document = json.loads(trained.stdout)
    assert (document["version"], document["algorithm"], document["hyperparameters"]) == (
        2,
        "tree",
        {"depth": 1, "leaf": 50},
    )
    assert {"accuracy", "low", "high", "balanced_accuracy", "macro_f1", "log_loss", "by_species"} <= document[
        "scores"
    ].keys()
    assert {"group_scores", "baseline", "warnings", "seconds"} <= document.keys()
    assert "Training: 100 %" in trained.stderr

    compared = flora("models", "compare", "1", "2", "--json")
    assert compared.returncode == 3
    assert json.loads(compared.stdout)["gate"]["passed"] is False
    shut = flora("models", "promote", "2", "--why", "to see")
    assert shut.returncode == 3
    assert shut.stdout.startswith("Not promoted. The gate is shut: Worse")
    assert flora("models", "promote", "2", "--why", "x", "--overrule").returncode == 2, "overruling needs a name"
    over = flora("models", "promote", "2", "--why", "a lesson", "--overrule", "--by", "Ada", "--json")
    assert json.loads(over.stdout)["overruled"] is True

    assert flora("models", "retire", "2", "--why", "x").stderr.startswith("flora: Version 2 is the champion of iris")
    assert json.loads(flora("models", "rollback", "--why", "lesson over", "--json").stdout) == {
        "study": "iris",
        "version": 1,
    }
    assert flora("models", "retire", "2", "--why", "was a lesson").returncode == 0
    kinds = [(e["version"], e["kind"]) for e in json.loads(flora("models", "history", "--json").stdout)]
    assert kinds == [
        (1, "registered"),
        (1, "promoted"),
        (2, "registered"),
        (2, "promoted"),
        (1, "rolled back"),
        (2, "retired"),
    ]
    assert "promoted by Ada: a lesson [over the gate: The gate is shut" in flora("models", "history").stdout


@pytest.mark.slow
def test_a_champion_whose_folder_is_gone_is_replaced_by_command(flora, context):  # noqa: F811
    shutil.rmtree(context.settings.models / "iris" / "1")
    refused = flora("identify", "petal_length=1.4", "petal_width=0.2")
    assert refused.returncode == 1
    assert "train a new one (python -m flora_core train)" in refused.stderr
    assert "--overrule" in refused.stderr
    trained = flora("train", "--algorithm", "lda", "--by", "Ada")
    assert trained.returncode == 0
    assert "Next: python -m flora_core models promote 2 --overrule --by WHO --why REASON" in trained.stdout
    shut = flora("models", "promote", "2", "--by", "Ada", "--why", "the first is lost")
    assert shut.returncode == 1
    assert "--overrule" in shut.stderr
    done = flora("models", "promote", "2", "--overrule", "--by", "Ada", "--why", "the first is lost")
    assert done.returncode == 0
    assert "Iris setosa" in flora("identify", "petal_length=1.4", "petal_width=0.2").stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["train", "--set", "depth"], "flora: --set 'depth' is not NAME=VALUE; write for example trees=300.\n"),
        (
            ["train", "--algorithm", "tree", "--set", "depth=99"],
            "flora: depth can't be 99; it lies between 0 and 30.\n",
        ),
        (["models", "rollback", "--why", "x"], "flora: iris has had no other champion that could identify"),
        (["models", "compare", "1", "7"], "flora: iris has no model version 7. There are: 1.\n"),
    ],
)
def test_refusals(flora, words, line):  # noqa: F811
    done = flora(*words)
    assert done.returncode == 1
    assert done.stderr.startswith(line)
