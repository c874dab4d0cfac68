#!/bin/bash
#SBATCH --job-name=pretrain
#SBATCH --partition=gpu
#SBATCH --exclusive
#SBATCH --gres=gpu:a100:8
#SBATCH --mem=0
#SBATCH --time=12:00:00

python pretrain.py --gpus 8
