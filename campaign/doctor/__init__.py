"""What is looked at by `manage.py doctor`: a room for each thing, a small function for each check."""
