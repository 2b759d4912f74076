"""A DICOM node: receives radiographs, returns results, loses nothing it acknowledged."""
