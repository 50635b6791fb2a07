"""What `make bench` runs; docs/performance.md says how each figure is measured."""
