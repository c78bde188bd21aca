"""Static graphs: nodes, what they wait for, and how they run."""
