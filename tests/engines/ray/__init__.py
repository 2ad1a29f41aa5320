"""`headrace.ray` on a Ray of this machine."""
