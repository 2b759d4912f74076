"""One module for each version of the tables; see `panodent.serve.store.migrations.upgrade`.

A version is never changed, nor does it import `panodent.serve.store.tables`: it describes the
tables of its time, so it repeats what the two have in common.
"""
