"""Bare Django: what the machine gives to who does only the unavoidable (floors F1 and F2)."""
