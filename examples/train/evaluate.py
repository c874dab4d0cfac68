#!/usr/bin/env python3
#SBATCH --job-name=evaluate
#SBATCH --partition=gpu
#SBATCH --gpus=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=16G
#SBATCH --time=30
"""Scores the newest checkpoint on the held-out recordings."""

import os

print("evaluating in job", os.environ.get("SLURM_JOB_ID", "none"))
