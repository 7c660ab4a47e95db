"""Figures for teaching, as `forcing.plots`: confidence, planes, orders, boundaries, sizes; and
curves, points and rows of pictures for what was measured.

They need bqplot (`pip install "forcing[plots]"`), which is imported when one is drawn. Lines and
text that bqplot draws itself follow the notebook's theme; the colours chosen here are readable on
light and on dark.
"""

from forcing.jupyter.plots.boundaries import boundary
from forcing.jupyter.plots.charts import lines, points
from forcing.jupyter.plots.curves import confidence
from forcing.jupyter.plots.orders import orders
from forcing.jupyter.plots.planes import plane
from forcing.jupyter.plots.sizing import sizes
from forcing.jupyter.plots.strip import pictures

__all__ = ["boundary", "confidence", "lines", "orders", "pictures", "plane", "points", "sizes"]
