"""Prediction: network output, its decoding to numbered teeth, and folders of radiographs."""
