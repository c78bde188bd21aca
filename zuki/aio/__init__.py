"""What coroutines do with time and with each other: timers, groups, locks, channels."""
