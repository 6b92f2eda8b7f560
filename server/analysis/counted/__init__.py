"""How much was done: iterations, draws, walkers, fits to other data, as traces, tables and the witness tell. Pure."""
