"""Is what was sampled the model of the design, on its data, with all that its trace held? Pure."""
