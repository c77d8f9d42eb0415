"""SFTP: its packets, its sessions, and the verbs over them."""
