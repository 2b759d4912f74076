"""Results as DICOM objects: segmentation, presentation state and structured report.

Each belongs to the study of the radiograph and refers to it. UIDs are a function of the radiograph,
the model and the teeth, so the same result has the same UIDs when it is made again.
"""
