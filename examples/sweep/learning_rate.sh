#!/bin/bash
#SBATCH --job-name=sweep-lr
#SBATCH --partition=gpu
#SBATCH --array=1-12%4
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=4
#SBATCH --mem=24G
#SBATCH --time=03:00:00
#SBATCH --output=logs/sweep-%A_%a.out

# one line of the file for each index: learning rate, batch size
settings=$(sed -n "${SLURM_ARRAY_TASK_ID}p" sweep/grid.txt)
srun python train.py $settings --seed "$SLURM_ARRAY_TASK_ID"
