"""The law of the place (规则): dated values with their legal basis."""
