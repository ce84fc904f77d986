"""Run the whole of `template.yaml` on this machine: embedded AWS, simulators and one stable URL in front."""
