#!/bin/bash
#SBATCH --job-name={{ name }}
#SBATCH --gres=gpu:{{ gpus }}
#SBATCH --time={{ hours }}:00:00

python train.py --species {{ species }}
