"""The pure heart of Cluedrop: what flows, what can go wrong, what every room promises.

Nothing here opens a file, asks the time or logs, and nothing here imports another room; every other room may
import this one. Read ``batch.py`` first (what flows), then ``contracts.py`` (who does what with it).
"""
