"""What several formats share: reading files of unknown origin piece by piece, and checking them."""
