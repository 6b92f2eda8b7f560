"""What a verdict is computed from, and the words, checks and limits that it answers in. No judgement here."""
