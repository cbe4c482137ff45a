"""Outside tables (外部表): an outsider's own flat or event table through the same learners, metrics and doubts."""
