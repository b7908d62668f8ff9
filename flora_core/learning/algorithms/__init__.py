"""The algorithms: catalogue, hyperparameters, pipelines, candidates of a search."""
