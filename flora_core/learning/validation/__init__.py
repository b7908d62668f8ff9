"""Folds, out-of-fold predictions, scores, model selection, diagnostics, cautions."""
