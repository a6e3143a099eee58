"""The program that a graph is, written from the rules' own source."""
