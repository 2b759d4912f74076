"""Between a device and an archive, through a spool on disk: a DICOM node, and a DICOMweb client."""
