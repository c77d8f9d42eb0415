"""Handlers: documents become documents; one module a business job, its file name is its id.

Packages with a leading underscore hold the rules of each job. Nothing here opens a file, asks the time or
imports another room than ``core``. Read ``core/contracts.py`` first.
"""
