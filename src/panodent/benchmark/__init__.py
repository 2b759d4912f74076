"""How fast panodent is on this computer: stage by stage, warm and cold, beside its peers.

Everything is measured in one run, what is compared taking turns, so that ratios hold on a busy
computer too. `report.measure` does it all; `panodent benchmark` prints it.
"""
