"""Was the compute really done? Computed from what was measured and what lies on disk, never from what is said."""
