"""What the service keeps: studies, jobs and training data."""
