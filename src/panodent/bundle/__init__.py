"""The model package: network, frame, classes, calibration, and what made it."""
