"""The peers by name, each imported where it is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from benchmarks.peers import rules
from benchmarks.peers.contract import Head, Peer, Score

WIDE = 3_000
"""Parameters beyond which a dense Hessian is not asked of the packages."""


def _lazily(module: str, name: str, *arguments: object) -> Callable[[Head], Score]:
    """What imports torch is imported in the process that uses it."""

    def setup(head: Head) -> Score:
        made = getattr(import_module(f"benchmarks.peers.{module}"), name)
        score: Score = (made(*arguments) if arguments else made)(head)
        return score

    return setup


_RULES = (
    Peer("influence, exact", rules.influence, in_margin=True),
    Peer("representer points", rules.representer, in_margin=True),
    Peer("nearest of the same label", rules.neighbours),
    Peer("random of the same label", rules.chance),
)

_PYDVL = tuple(
    Peer(name, _lazily("with_pydvl", function), in_margin, ("torch", "pydvl"), most)
    for name, function, in_margin, most in (
        ("pyDVL influence, direct", "direct", True, WIDE),
        ("pyDVL influence, CG", "conjugate_gradients", True, None),
    )
)

_CAPTUM = tuple(
    Peer(name, _lazily("with_captum", function), in_margin, ("torch", "captum"), most)
    for name, function, in_margin, most in (
        ("captum influence, naive", "naive", True, WIDE),
        ("captum TracInCPFast", "tracin", False, None),
        ("captum SimilarityInfluence", "similarity", False, None),
    )
)

_DATTRI = tuple(
    Peer(name, _lazily("with_dattri", function, *given), in_margin, ("torch", "dattri"), most)
    for name, function, given, in_margin, most in (
        ("dattri influence, explicit", "explicit", (), True, WIDE),
        ("dattri influence, CG, 10 iterations", "conjugate_gradients", (10,), True, None),
        ("dattri influence, CG, 200 iterations", "conjugate_gradients", (200,), True, None),
        ("dattri influence, LiSSA", "lissa", (), True, WIDE),
        ("dattri influence, DataInf", "datainf", (), True, WIDE),
        ("dattri TracIn", "tracin", (), False, None),
    )
)

PEERS = {peer.name: peer for peer in (*_RULES, *_PYDVL, *_CAPTUM, *_DATTRI)}
