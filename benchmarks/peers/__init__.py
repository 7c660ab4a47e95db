"""Attribution methods of others: from a fitted head to scores of its training rows.

None of them returns a set of rows. A score in the unit of the margin predicts one, though: the
shortest prefix of its order that is predicted to take the margin below zero. For the others
there is the order alone.
"""

from benchmarks.peers.contract import Head, Peer, Score
from benchmarks.peers.registry import PEERS

__all__ = ["PEERS", "Head", "Peer", "Score"]
