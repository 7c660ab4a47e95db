"""How few rows cannot possibly flip the decision, and how far one-step Newton can err."""

from forcing.engine.bounds.lower import LowerBound, lower_bound
from forcing.engine.bounds.proposition import NewtonErrorBound, newton_error_bound
from forcing.engine.bounds.tables import BoundTables, bound_tables

__all__ = [
    "BoundTables",
    "LowerBound",
    "NewtonErrorBound",
    "bound_tables",
    "lower_bound",
    "newton_error_bound",
]
