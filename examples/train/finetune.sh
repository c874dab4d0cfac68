#!/bin/bash
#SBATCH --job-name=finetune
#SBATCH --partition=gpu
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4
#SBATCH --mem=24G
#SBATCH --time=06:00:00

# usage: sbatch finetune.sh SPECIES, with CHECKPOINT in the environment
species=$1
python train.py --species "$species" --from "$CHECKPOINT"
