"""The page of sweeps on a cluster's dashboard."""
