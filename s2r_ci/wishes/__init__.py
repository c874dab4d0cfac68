"""What a person asks for in plain words: read by fixed rules, and turned into answers in the names of the settings."""
