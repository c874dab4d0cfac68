#!/bin/bash
#SBATCH --job-name=forest
#SBATCH --partition=cpu
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=16
#SBATCH --mem-per-cpu=2G
#SBATCH --time=10:00:00

module load openmpi/4.1
mpirun -n "$SLURM_NTASKS" ./forest --grid 512 --out /scratch/forest
