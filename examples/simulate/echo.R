#!/usr/bin/env Rscript
#SBATCH --job-name=echo
#SBATCH --partition=cpu
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=12G
#SBATCH --time=02:30:00

cores <- as.integer(Sys.getenv("SLURM_CPUS_PER_TASK", "1"))
cat("echoes on", cores, "cores\n")
