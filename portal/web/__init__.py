"""Pages for staff, inspectors, enterprises and the public."""
