"""How a training row looks: as a table row, a picture or a text.

`Table`, `Images` and `Texts` are settings that a user hands to `forcing.Study`; bound to
one target by `present` they become a `Presenter`, which makes the items of the protocol.
"""

from forcing.display.base import Display, Presenter, present
from forcing.display.images import Images
from forcing.display.study_like import StudyLike
from forcing.display.table import Table
from forcing.display.texts import Texts

__all__ = ["Display", "Images", "Presenter", "StudyLike", "Table", "Texts", "present"]
