"""The same doors, for machines."""
