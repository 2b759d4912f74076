"""One module for each version of the tables; see `panodent.serve.store.migrations.upgrade`."""
