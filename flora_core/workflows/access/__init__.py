"""Who asks: people, tokens, the audit trail, and from what a request carries, the principal."""
