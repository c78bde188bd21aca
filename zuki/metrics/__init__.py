"""What an executor counts, as values: `Metrics` and how they are shown."""
