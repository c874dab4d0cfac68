"""The source language: what a Slurm batch script says, read as sbatch reads it."""
