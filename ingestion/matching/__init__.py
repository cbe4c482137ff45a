"""Matching (认领): whom an unmatched name or number may mean; a person decides, never the program."""
