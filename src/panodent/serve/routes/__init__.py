"""The HTTP API: one module for each group of paths, and the models of its OpenAPI document."""
