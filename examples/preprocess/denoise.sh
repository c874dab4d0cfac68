#!/bin/bash
#SBATCH --job-name=denoise
#SBATCH --partition=bigmem
#SBATCH --cpus-per-task=4
#SBATCH --mem=200G
#SBATCH --time=04:00:00
python denoise.py --in /archive/tapes --out /scratch/denoised
#SBATCH --gres=gpu:1
