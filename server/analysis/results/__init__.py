"""Whose numbers the results are: columns against predictions, traces, files and what was changed on the way. Pure."""
