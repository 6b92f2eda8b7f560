"""What gradient steps did: parts trained, rows passed, losses told, outputs against results. Pure."""
