"""The inner loops of the kernel, compiled by numba: the same integers as numpy, many times faster.

Only ``sim.kernel_compiled`` calls this package, and nothing else of the program names numba.
"""
