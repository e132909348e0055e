"""Published and observed results that the model is held against.

Each module reads the inputs of one study, reproduces it, and returns `rows.Row`s: published, ours, difference,
tolerance. `liberation_day` and `real_2025` carry their inputs in the package; `nafta` reads a folder that is not
shipped, because its licence does not allow it.
"""
