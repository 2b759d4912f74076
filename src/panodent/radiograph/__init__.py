"""Reads radiographs: raster images and DICOM files become grey pixels, within size limits."""
