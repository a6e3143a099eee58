"""Keeps pytest from meeting nn/ and optim/ a second time, as top-level packages whose modules would
define every class again: they are collected through their links in autograd_mini/.
"""

collect_ignore = ["nn", "optim"]
