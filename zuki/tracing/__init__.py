"""What was traced: to be looked at, saved, summed up, and run again by a simulation."""
