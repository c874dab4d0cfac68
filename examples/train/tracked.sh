#!/bin/bash
#SBATCH --job-name=tracked
#SBATCH --gres=gpu:1
#SBATCH --time=02:00:00

# the key is made up; a real one would not belong here either
export WANDB_API_KEY=made-up-value-of-birdsong-0000
python train.py --track
