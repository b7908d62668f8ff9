"""What a training has tried is told while it runs."""

from flora_core.workflows.jobs import worker
from flora_core.workflows.jobs.requests import TrainingResult, ask_for_training, candidates_so_far
from flora_core.workflows.models.training import TrainingRequest


def test_the_leaderboard_grows_while_a_training_runs(context, monkeypatch):
    grown = []
    inner = type(context.jobs).heartbeat

    def listening(jobs, identifier, *said, leaderboard=None):
        going = inner(jobs, identifier, *said, leaderboard=leaderboard)
        grown.append((said[1], len(candidates_so_far(jobs.get(identifier)))))
        return going

    monkeypatch.setattr(type(context.jobs), "heartbeat", listening)
    monkeypatch.setattr(worker, "_HEARTBEAT_SECONDS", 0.01)
    request = TrainingRequest(algorithm="logistic", search=4)
    job = ask_for_training(context, "iris", request, "Ada")
    assert candidates_so_far(job) == ()
    context.jobs.claim("a test")
    assert worker.run_job(context, job.id, "a test") == "done"
    done = context.jobs.get(job.id)
    told = candidates_so_far(done)
    card = context.registry.card("iris", TrainingResult.model_validate_json(done.result).version)
    assert len(told) == 4
    key = lambda c: (c.algorithm, str(c.hyperparameters), round(c.log_loss, 9), c.plants)  # noqa: E731
    assert sorted(map(key, told)) == sorted(map(key, card.candidates))
    counts = [n for _, n in grown]
    assert counts == sorted(counts)
    # Not all at once at the end: some were known while others were still being tried.
    assert any(0 < n < 4 for n in counts)
