"""People and their roles, tokens of programs, and the audit trail."""
