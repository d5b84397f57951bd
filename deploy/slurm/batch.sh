#!/bin/bash
# Everything in one job: the script and the scheduler in it, a worker on each task, started by srun.
#
#   sbatch batch.sh study.py ARGUMENTS
#
#SBATCH --job-name=study
#SBATCH --ntasks=16              # workers
#SBATCH --cpus-per-task=8        # runs at a time, for each of them
#SBATCH --mem-per-cpu=1G
#SBATCH --time=12:00:00
#SBATCH --no-kill                # a node that fails takes its workers with it, not the job
#SBATCH --requeue                # begun again, it goes on with what is missing
#SBATCH --output=%x-%j.log

# Cores are known from the job. Memory is what one worker may use; the folder holds keys while the job runs, on a file
# system that all nodes see. Name a fast network between the nodes where there is one: "interface": "ib0".
export SPIKEFARM_CLUSTER=slurm-batch
export SPIKEFARM_CLUSTER_OPTIONS='{"memory": "8GB", "folder": "jobs"}'

exec "${PYTHON:-python3}" "$@"
