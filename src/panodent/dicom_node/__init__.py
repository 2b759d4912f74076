"""A DICOM node: receives radiographs by C-STORE and sends results on, through a spool on disk."""
