"""The whole life of a study on a cluster, a PostgreSQL, an object store and two replicas, of which parts are killed on the way."""

import csv
import io
import urllib.request

import pytest
from sqlalchemy import func, select

from flora_core.access import service_principal
from flora_core.storage.schema import identifications, recordings
from flora_core.workflows.jobs.requests import ask_for_training
from flora_core.workflows.models.lifecycle import iris_plants, promote
from flora_core.workflows.models.training import TrainingRequest
from tests.deployment.test_replicas import FLOWER, ask, flora, large_table, until
from tests.storage.test_cluster import running

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]

STUDY = "meadow"
ROWS = 60_000


def labelled_table(folder):
    plants = iris_plants()
    names = ("setosa", "versicolor", "virginica")
    path = folder / "meadow.csv"
    with open(path, "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["species", "sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"])
        for values, j in zip(plants.values, plants.species, strict=True):
            writer.writerow([f"Iris {names[j]}", *(f"{value:g}" for value in values)])
    return path


def busy(client):
    """Whether the cluster works on something just now."""
    return any(client.processing().values())


def train_and(site, client, harm, **words):
    """A training in the queue of the servers, in the middle of which something is killed; the job when it is over."""
    request = TrainingRequest(algorithm="forest", search=4, **words)
    job = ask_for_training(site.context, STUDY, request, "Ada")
    until(lambda: busy(client) or not site.context.jobs.get(job.id).active)
    harm()
    until(lambda: not site.context.jobs.get(job.id).active)
    return site.context.jobs.get(job.id)


def test_nothing_is_lost_and_nothing_is_there_twice(start_site, tmp_path):
    from distributed import Client

    with running(2) as dask:
        site = start_site(FLORA_CLUSTER=dask.address, FLORA_WITHOUT_CLUSTER="here", FLORA_JOBS_AT_ONCE="2")
        site.context = site.context.acting_as(service_principal("a test"))
        one, other = site.replicas
        # A study of a labelled table, and its first version, trained on the cluster, of which a worker dies.
        flora(site, "studies", "create", STUDY, "--from", str(labelled_table(tmp_path)), "--title", "A meadow")
        with Client(dask.address, timeout=60, set_as_default=False) as client:
            job = train_and(site, client, dask.workers[0].kill)
            assert (job.state, [v.version for v in site.context.registry.versions(STUDY)]) == ("done", [1]), job.result
            promote(site.context, STUDY, 1, by="Ada", why="the first")

        # Both replicas name its plants; one dies in the middle of a table that is recorded.
        body = {"study": STUDY, "rows": [FLOWER], "record": True, "by": "Ada"}
        named = [ask(server.address, "/api/v1/identify", body) for server in (one, other)]
        assert [(status, answer["model_version"]) for status, _, answer in named] == [(200, 1)] * 2
        address = f"/api/v1/batch?study={STUDY}&name=season.csv&record=true&by=Ada"
        _, _, job = ask(one.address, address, large_table(ROWS))
        until(lambda: ask(other.address, job["address"])[2]["state"] != "waiting")
        one.process.kill()
        one.process.wait()
        done = until(lambda: (a := ask(site.proxy.address, job["address"])[2]).get("state") == "done" and a)
        assert done["identified"] == ROWS
        with urllib.request.urlopen(f"{other.address}{job['address']}/result", timeout=60) as result:
            rows = list(csv.DictReader(io.TextIOWrapper(result, "utf-8", newline="")))
        assert len(rows) == ROWS

        # The scheduler dies in the middle of another training: what was left is done here.
        with Client(dask.address, timeout=60, set_as_default=False) as client:
            job = train_and(site, client, dask.scheduler.kill, seed=1)
        assert job.state == "done", job.result
        assert [v.version for v in site.context.registry.versions(STUDY)] == [1, 2]

    # A determination through the proxy, and what the monitor says of all of it.
    recorded = named[0][2]["rows"][0]["id"]
    slips = {"study": STUDY, "rows": [{"id": recorded, "name": "Iris setosa"}], "by": "Grace"}
    # The one that was killed may be found out by this very request, which is then sent again.
    until(lambda: ask(site.proxy.address, "/api/v1/determinations", slips)[0] == 200)
    status, _, seen = ask(site.proxy.address, f"/api/v1/monitor?study={STUDY}")
    assert (status, seen["accuracy"] != []) == (200, True)
    with site.context.database.read() as connection:
        whole = connection.execute(
            select(func.sum(recordings.c.plants)).where(recordings.c.complete, recordings.c.study == STUDY)
        ).scalar()
        loose = connection.execute(
            select(func.count())
            .select_from(identifications.join(recordings, identifications.c.recording == recordings.c.id))
            .where(recordings.c.study == STUDY, recordings.c.complete)
        ).scalar()
    assert whole == loose == ROWS + 2
    versions, spare = site.context.registry.verify(STUDY)
    assert ([one.problem for one in versions], spare) == (["", ""], [])
    assert {job.state for job in site.context.jobs.newest(STUDY)} == {"done"}
