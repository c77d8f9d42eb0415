"""After a crash, and after a journal was lost: folders, archive and journal made to agree."""
