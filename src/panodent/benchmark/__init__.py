"""Measures the speed of panodent on this computer.

`report.measure` measures everything in one run; `panodent benchmark` prints its report. Programs
that are compared take turns, and ratios are taken turn by turn, so that they hold on a busy
computer too. Times are in milliseconds unless a name says seconds, memory is in MiB.
"""
