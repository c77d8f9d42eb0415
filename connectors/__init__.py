"""The connectors room: one module an outside system, its file name is its id. They move files, nothing else.

A connector offers what ``core/connecting.py`` asks for: ``connect``, ``check``, and connections that ``collect`` and
``deliver``. It imports core and libraries only, keeps no memory of its own and writes no log: whatever must survive a
crash it tells the engine, and what is wrong it says in a TransportError. A package with a leading underscore
holds what several modules share. Read ``sftp.py`` first.
"""
