"""Tasks that jitted code spawns and joins."""
