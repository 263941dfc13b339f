"""Plans: what a command is asked to do, each option declared once.

And the documents that are read to them.
"""
