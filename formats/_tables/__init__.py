"""Rows out of files: delimited text and workbooks of every kind."""
