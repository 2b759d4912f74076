"""Facts computed from `Teeth`: measurements, prediction quality, annotation checks."""
