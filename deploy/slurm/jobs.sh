#!/bin/bash
# Workers as jobs of their own. This job runs the script, and needs little; it submits the workers.
#
#   sbatch jobs.sh study.py ARGUMENTS
#
#SBATCH --job-name=study
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem=2G
#SBATCH --time=24:00:00          # as long as the whole sweep may take
#SBATCH --requeue                # begun again, it goes on with what is missing
#SBATCH --output=%x-%j.log

# What each worker job is asked for: at most so many jobs, with so many cores. The folder is for logs and keys, on a
# file system that all nodes see.
export SPIKEFARM_CLUSTER=slurm-jobs
export SPIKEFARM_CLUSTER_OPTIONS='{"jobs": 20, "cpus": 8, "memory": "8GB", "time": "2:00:00", "folder": "jobs"}'

exec "${PYTHON:-python3}" "$@"
