"""Transcripts: tool calls with the answers expected to them, played against real servers, recorded and imported."""
