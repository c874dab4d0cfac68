"""Writes one batch script for each species."""

from pathlib import Path

TEXT = """#!/bin/bash
#SBATCH --job-name={species}
#SBATCH --gres=gpu:1
#SBATCH --time=02:00:00

python train.py --species {species}
"""

for species in ("wren", "robin", "dunnock"):
    Path(f"{species}.sh").write_text(TEXT.format(species=species))
