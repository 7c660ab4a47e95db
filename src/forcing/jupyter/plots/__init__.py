"""Figures for teaching, as `forcing.plots`: confidence, planes, boundaries, sizes of sets.

They need bqplot (`pip install "forcing[plots]"`), which is imported when one is drawn. Lines and
text that bqplot draws itself follow the notebook's theme; the colours chosen here are readable on
light and on dark.
"""

from forcing.jupyter.plots.boundaries import boundary
from forcing.jupyter.plots.curves import confidence
from forcing.jupyter.plots.planes import plane
from forcing.jupyter.plots.sizing import sizes

__all__ = ["boundary", "confidence", "plane", "sizes"]
