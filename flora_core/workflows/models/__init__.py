"""The life of a model: train, compare, promote, retrain, transfer."""
