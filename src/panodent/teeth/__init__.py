"""The record of teeth: arrays, validation, masks."""
