"""Task graphs of jitted bodies on one work-stealing pool."""
