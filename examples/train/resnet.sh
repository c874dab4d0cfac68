#!/bin/bash
#SBATCH --job-name=resnet
#SBATCH --partition=gpu
#SBATCH --account=bio-audio
#SBATCH --gres=gpu:a100:1
#SBATCH --cpus-per-task=8
#SBATCH --mem=48G
#SBATCH --time=1-00:00:00
#SBATCH --output=logs/%x-%j.out

module purge
module load cuda/12.4

echo "job $SLURM_JOB_ID on $(hostname), $SLURM_CPUS_PER_TASK cores"
srun python train.py --workers "$SLURM_CPUS_PER_TASK" --data /data/recordings/spectrograms
