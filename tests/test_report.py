"""The table of a saved notebook, also where nothing but its text is shown."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from fake_study import ROWS, FakeStudy, noisy_run, unstable_run, whole_run
from forcing.display import Images, Texts
from forcing.explanation import Explanation
from forcing.explanation.report import fragment
from forcing.protocol import messages
from forcing.protocol.context import Context
from forcing.records import End, Verified


def explained(records=None, x=None, **study):
    context = Context.of(
        FakeStudy(**study), np.zeros(3) if x is None else x, name="X_test[17]", label="bad"
    )
    return Explanation.gather(context, iter(records or whole_run()))


class Words(HTMLParser):
    """What is left without tags; a picture counts as what stands in its place."""

    def __init__(self, html):
        super().__init__()
        self.words = []
        self.feed(html)

    def handle_data(self, data):
        self.words.append(data)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.words.append(f"[{dict(attrs)['alt']}]")


def bare(explanation):
    html = explanation._repr_mimebundle_()["text/html"]
    text = "".join(Words(html).words).replace("\u202f", " ")
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_a_table_reads_in_order_as_bare_text():
    assert bare(explained()) == [
        (
            "Good (80 %) stands on 2 of 12 training rows. Retrained without them: bad (52 %). "
            "No smaller set flips it."
        ),
        (
            "Verified by refitting LogisticRegression(tol=1e-10). "
            "Irreducible: put any one back and it is good again."
        ),
        (
            "The target, then the training rows in the order in which they are removed, "
            "with the confidence in good"
        ),
        *("Step", "Label", "Row", "Differs from the target in", "Confidence after"),
        "If put back",
        *("target", "bad", "X_test[17]", "80 %"),
        *(
            "1",
            "● good",
            "row 4",
            "feature 3: 14 vs 0",
            "feature 2: 13 vs 0",
            "feature 1: 12 vs 0",
            "60 %",
            "55 %",
        ),
        *(
            "2",
            "● good",
            "row 6",
            "feature 3: 20 vs 0",
            "feature 2: 19 vs 0",
            "feature 1: 18 vs 0",
            "48 %",
            "52 %",
        ),
        "Other methods on the same decision",
        *("Ranking", "Removing its first rows", "influence", "flips at 3"),
        "Preprocessing is kept as fitted.",
    ]


def test_a_picture_has_words_in_its_place():
    images = np.random.default_rng(0).random((ROWS, 8, 8))
    lines = bare(explained(display=Images(images), x=images[0].ravel()))
    assert "[target, labelled bad]" in lines
    assert "[row 4, labelled good]" in lines
    assert any("training images in the order" in line for line in lines)


def test_texts_stand_whole():
    texts = ["a cheap offer", *["dull"] * 3, "cheap", *["dull"] * 7]
    lines = bare(explained(display=Texts(texts), x="cheap offer"))
    assert lines.index("cheap offer") < lines.index("cheap") < lines.index("dull")


def test_of_a_run_that_found_nothing_it_says_why_and_claims_no_check():
    lines = bare(explained([*whole_run()[:4], End("unflippable", "All were tried.", 1.0)]))
    assert lines[0].endswith("All were tried.")
    assert lines[1].startswith("The target, then")


def test_of_a_noisy_run_no_row_has_a_confidence_of_its_own():
    lines = bare(explained(noisy_run()))
    assert lines[0] == (
        "Good (80 %) stands on 4 of 12 training rows. Retrained without them, 2 of 3 models "
        "say bad."
    )
    assert lines[1].startswith("Confirmed by 2 of 3 fresh retrainings. Not chance: 4 random rows")
    assert lines[2].endswith("in the order in which they are removed, all together")
    assert "Confidence after" not in lines


def test_where_chance_decides_the_table_has_the_target_alone():
    lines = bare(explained(unstable_run()))
    assert lines[0].startswith("Good (80 %) is unstable: 2 of 3 retrainings")
    assert lines[1] == "The target"
    assert "target" in lines
    assert "1" not in lines


@pytest.mark.parametrize(
    ("irreducible", "flipped", "said"),
    [
        (False, True, "Not irreducible: some single row can be put back without a change."),
        (None, False, "Not confirmed: refitting LogisticRegression(tol=1e-10) keeps the decision."),
    ],
)
def test_what_was_checked_is_said_as_the_screen_says_it(irreducible, flipped, said):
    records = [
        Verified(r.decision, flipped, irreducible, (), r.by, 0.1) if isinstance(r, Verified) else r
        for r in whole_run()
    ]
    assert any(line.endswith(said) for line in bare(explained(records)))


def test_tables_name_their_columns_and_lines():
    html = explained()._repr_mimebundle_()["text/html"]
    tables = re.findall(r"<table>.*?</table>", html, re.DOTALL)
    assert len(tables) == 2
    for table in tables:
        assert table.count("<caption>") == 1
        heads = re.findall(r'<th scope="col"', table)
        for line in re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL):
            assert line.count('<th scope="row">') == 1
            assert line.count("<td") == len(heads) - 1
    assert not re.search(r"<script|<style|\bid=|\bon\w+=", html)


def test_other_sets_are_listed():
    state = explained().to_dict()
    other = {"rows": [3, 5, 7], "shared": 1, "label": "<b>", "confidence": 0.45, "verified": True}
    event = messages.alternatives([other], {}, searching=False, note="")
    html = fragment(state | {"alternatives": event}, lambda _: None, 20)
    said = "Set 2: 3 training rows, 1 of them in the first set; &lt;b&gt; (55\u202f%), verified."
    assert f"<li>{said}</li>" in html
