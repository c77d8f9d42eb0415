"""A file system in memory, for tests: it remembers every operation, cuts the power at any of them, and fails on demand.

``tree`` is what it holds, ``power`` what a power cut leaves of it, ``faults`` which requests fail, ``protocol`` and
``server`` speak with the kernel over FUSE in a process of their own, ``mounted`` is what a test uses.
"""
