"""What every request passes: limits and metrics."""
