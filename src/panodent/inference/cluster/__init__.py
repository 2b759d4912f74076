"""Prediction on many machines with Ray: batches of radiographs, stores, workers."""
