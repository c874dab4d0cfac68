#!/bin/bash
# Sends preprocessing, then training when it has ended well.
first=$(sbatch --parsable preprocess/spectrograms.sh)
sbatch --dependency=afterok:"$first" --time=2-00:00:00 train/resnet.sh
sbatch --dependency=afterok:"$first" --job-name=score --wrap "python score.py"
