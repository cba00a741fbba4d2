"""What other programs do for the same questions: the work of the cases, one problem a file.

A new peer is a maker here, in the file of its problem, and a `Case` in the benchmark of that problem.
"""
