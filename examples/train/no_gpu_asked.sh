#!/bin/bash
#SBATCH --job-name=embed
#SBATCH --partition=gpu
#SBATCH --cpus-per-task=4
#SBATCH --time=02:00:00

nvidia-smi
python embed.py --device cuda
