"""Text to the world: files, standard output, and what a continuous-integration host reads."""
