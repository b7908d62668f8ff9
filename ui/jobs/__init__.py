"""The queue on a page, and this server's job supervisor."""
