"""The store of what was sent: the source of truth for "already sent"."""
