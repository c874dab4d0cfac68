"""The target language: Run:ai manifests, written and read."""
