"""Executors, and the threads behind them."""
