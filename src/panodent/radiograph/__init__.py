"""From a file to pixels: raster images and DICOM, within bounds."""
