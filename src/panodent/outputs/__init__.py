"""The results folder of `panodent predict`: written case by case, and read back."""
