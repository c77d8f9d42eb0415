"""How the site is, and who is told."""
