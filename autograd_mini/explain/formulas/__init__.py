"""Formulas as LaTeX, text and MathML, made from the operations' own rows and rules."""
