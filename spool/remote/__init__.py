"""Places outside: their threads, and the ways of files in and out."""
