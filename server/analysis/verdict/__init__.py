"""The checks and the verdict: was the compute really done? From facts of the other rooms, never from what is said."""
