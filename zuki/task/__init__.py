"""Jitted bodies: how they are compiled, cached, called and how they fail."""
