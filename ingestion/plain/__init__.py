"""Plain rows (规整行): whole columns of a large file at once, by a compiled reader. Every other row goes the long way."""
