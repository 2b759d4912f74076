"""What the service keeps: studies, jobs, training data."""
