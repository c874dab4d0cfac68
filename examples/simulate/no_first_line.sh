#SBATCH --job-name=wind
#SBATCH --partition=cpu
#SBATCH --time=01:00:00

./wind --hours 24
