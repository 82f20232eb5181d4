"""Fuzzing of http1, with atheris. `__main__` says how."""
