"""Formats: bytes become documents and documents become bytes; one module a format, its file name is its id.

Packages with a leading underscore hold what several formats share. Nothing here opens a file, asks the
time or imports another room than ``core``. Read ``core/contracts.py`` first.
"""
