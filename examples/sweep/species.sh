#!/bin/bash
#SBATCH --job-name=species
#SBATCH --array=0,2,4-6
#SBATCH --partition=cpu
#SBATCH --cpus-per-task=2
#SBATCH --mem-per-cpu=2G
#SBATCH --time=45

names=(wren robin dunnock thrush siskin nuthatch treecreeper)
python statistics.py --species "${names[$SLURM_ARRAY_TASK_ID]}" --out "/scratch/statistics/$SLURM_ARRAY_JOB_ID"
