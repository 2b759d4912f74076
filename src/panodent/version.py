"""The version and the research-use notice: one place for each."""

__version__ = "0.1.0"
DISCLAIMER = "Research use only, not a medical device"
