"""What runs inside Django, in a process of its own on one of the databases: seeds, probes, floor F3."""
