"""Worker processes that hold the network."""
