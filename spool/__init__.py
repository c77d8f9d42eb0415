"""The engine: the only room that touches folders, the clock, the journal and the log.

A drop lives here from the moment its file is ready until it is archived: ``inbox``, ``work``, ``results``, ``archive``
are its way. Read ``engine.py`` first (the loop), then ``results/committing.py`` (why nothing is lost or doubled), then
``repair/recovery.py`` (what a restart does). What a file *means* is not known here: formats and handlers are handed to
the worker processes by name.
"""
