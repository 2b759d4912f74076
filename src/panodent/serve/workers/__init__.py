"""Worker processes, which decode radiographs and run the network."""
