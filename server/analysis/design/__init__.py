"""What a model's design document asks for: rows, sentences and numbers as people write them. Pure."""
