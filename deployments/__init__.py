"""Room of running it: settings, wiring, deployments as code, the command line."""
