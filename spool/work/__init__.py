"""From a claimed drop to its outcome: worker processes, and what they may do."""
