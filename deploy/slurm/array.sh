#!/bin/bash
# Tasks that know nothing of each other; they share the runs through the store, so sweeps must name one.
#
#   sbatch array.sh study.py ARGUMENTS
#
#SBATCH --job-name=study
#SBATCH --array=0-19             # any number: there need not be a task for each run
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8        # runs at a time, for each task
#SBATCH --mem=8G
#SBATCH --time=2:00:00
#SBATCH --requeue
#SBATCH --output=%x-%A_%a.log

export SPIKEFARM_CLUSTER=slurm-array

exec "${PYTHON:-python3}" "$@"
