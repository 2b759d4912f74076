"""Results as DICOM objects of the radiograph's study: segmentation, presentation state, report.

Each refers to the radiograph. UIDs are a function of the radiograph,
the model and the teeth: the same result made twice is the same object, not a second one.
"""
