"""Facts computed from teeth: measurements, prediction quality, checks of annotations."""
