"""Slices through a target: training rows projected on two directions, with decision boundaries."""

from forcing.study.plane.planes import Planes, Side, Slice

__all__ = ["Planes", "Side", "Slice"]
