"""What must hold of folders and of the files in them: synced, ours, there, well named."""
