"""The verbs of the command line, one module a group; ``daemon.py`` puts them together.

A verb reads the configuration, calls one function of another room and turns its answer into an exit code. This room may
import every other; no room imports it, nor ``daemon.py``. Read ``composition.py`` first.
"""
