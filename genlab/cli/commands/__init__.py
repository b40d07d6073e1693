"""The commands, one a file; a module is imported when its command is used."""
