#!/bin/bash
#SBATCH --job-name=spectrograms
#SBATCH --partition=cpu
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=64G
#SBATCH --tmp=100G
#SBATCH --time=08:00:00
#SBATCH --mail-type=END,FAIL
#SBATCH --mail-user=audio@birdsong.example

set -euo pipefail
export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK
python preprocess.py --in /data/recordings/raw --out /scratch/spectrograms --jobs "$SLURM_CPUS_PER_TASK"
