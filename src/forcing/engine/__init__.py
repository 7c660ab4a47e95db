"""Pure numerics: the counterfactual model, the search, refinement and bounds.

Nothing here prints, draws or knows a notebook. Arrays follow the array API standard, so
that one code path runs NumPy on a CPU and torch on a GPU.
"""
