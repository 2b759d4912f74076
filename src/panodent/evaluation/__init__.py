"""Scores of predictions against ground truth, with confidence intervals."""
