"""Augmentation: random changes of an image and its labels together."""
