"""From a file in a folder to a claimed drop."""
