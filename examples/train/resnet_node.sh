#!/bin/bash
#SBATCH -J resnet-node
#SBATCH -p gpu
#SBATCH -N 1
#SBATCH --gpus-per-node=4
#SBATCH -c 32
#SBATCH --mem=256G
#SBATCH -t 2-0
#SBATCH --constraint=nvlink
#SBATCH --requeue

torchrun --standalone --nproc-per-node=4 train.py --resume auto
