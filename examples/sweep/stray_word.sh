#!/bin/bash
#SBATCH --job-name=stray
#SBATCH --time 01:00:00 one hour
#SBATCH --gres=gpu:1

python train.py
