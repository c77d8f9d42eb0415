"""The journal: what became of every drop, and what handlers remember. Read ``tables.py`` first.

One SQL for every database; what is special about SQLite stands in ``database.py`` and nowhere else.
"""
