"""The parts of siptrunk-setup: cli.py has them in order."""
