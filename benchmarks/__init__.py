"""Figures: what the tool costs, measured against something on the same machine."""
