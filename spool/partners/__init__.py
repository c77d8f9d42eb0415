"""Partners who come to us by SFTP: accounts of the system, their keys and folders."""
