from __future__ import annotations

import io
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import forcing
from fake_study import ROWS, FakeStudy
from forcing.display import Images, Table, Texts, present
from forcing.display.texts import WINDOW


def opened(data):
    return Image.open(io.BytesIO(data))


FRAME = pd.DataFrame(
    {
        "age": np.arange(ROWS, dtype=float),
        "city": ["Rome", "Oslo", "Rome"] * (ROWS // 3),
        "member": [True, False] * (ROWS // 2),
        "income": np.linspace(1e3, 2e3, ROWS),
    }
)


class TestTable:
    def test_a_frame_keeps_names_texts_and_missing_values(self):
        frame = FRAME.copy()
        frame.loc[3, "age"] = np.nan
        presenter = present(FakeStudy(X=frame), frame.iloc[0])
        assert [column["name"] for column in presenter.display["columns"]] == list(FRAME.columns)
        assert presenter.target() == {
            "kind": "table",
            "values": [0.0, "Rome", "True", 1000.0],
            "differs": [],
        }
        assert presenter.item(3)["values"] == [None, "Rome", "False", pytest.approx(1272.727273)]

    def test_ranges_are_the_2nd_and_98th_percentile_of_numbers_only(self):
        age, city, member, _ = present(FakeStudy(X=FRAME), FRAME.iloc[0]).display["columns"]
        assert (age["low"], age["high"]) == pytest.approx(tuple(np.percentile(FRAME.age, (2, 98))))
        assert (city["low"], city["high"], member["low"]) == (None, None, None)

    def test_differs_goes_by_standardised_difference(self):
        X = np.zeros((ROWS, 3))
        X[:, 0] = 1000 * np.arange(ROWS)  # far apart, yet so are all
        X[:, 1] = [0] * (ROWS - 1) + [1]  # only the last row differs
        presenter = present(FakeStudy(X=X), X[0])
        assert presenter.item(ROWS - 1)["differs"] == [1, 0]
        assert presenter.item(0)["differs"] == []

    def test_a_rare_category_differs_more_than_a_common_one(self):
        frame = pd.DataFrame({"even": ["a", "b"] * (ROWS // 2), "rare": ["x"] * (ROWS - 1) + ["y"]})
        presenter = present(FakeStudy(X=frame), frame.iloc[0])
        assert presenter.item(ROWS - 1)["differs"] == [1, 0]

    def test_numbers_among_words_are_measured_as_numbers(self):
        # As credit files are: a number, or a word for why there is none.
        months = [0, 10, 20, 30, 40, 50, 60, 70, 80, "never late", "never late", "no record"]
        frame = pd.DataFrame({"months": np.array(months, dtype=object), "even": np.arange(12.0)})
        presenter = present(FakeStudy(X=frame), frame.iloc[1])
        numbers = np.array(months[:9], dtype=float)
        (column, _) = presenter.display["columns"]
        assert (column["low"], column["high"]) == pytest.approx(
            tuple(np.percentile(numbers, (2, 98)))
        )
        assert presenter.target()["values"][0] == 10
        assert presenter.item(9)["values"][0] == "never late"
        apart = [presenter._difference(0, value) for value in months]
        assert apart[:9] == pytest.approx(np.abs(numbers - 10) / numbers.std())
        # A word instead of a number: a quarter of the rows have none.
        assert apart[9:] == pytest.approx([1 / np.sqrt(0.25 * 0.75)] * 3)

    def test_a_word_among_numbers_as_target(self):
        months = np.array([0, 10, 20, 30, 40, 50, 60, 70, 80, "never", "never", "none"], object)
        frame = pd.DataFrame({"months": months})
        presenter = present(FakeStudy(X=frame), frame.iloc[9])
        to_number, to_same, to_word = (presenter._difference(0, months[i]) for i in (3, 10, 11))
        assert to_same == 0
        assert to_number == to_word == pytest.approx(1 / np.sqrt(1 / 6 * 5 / 6))

    def test_at_most_64_columns_those_that_matter_most(self):
        X = np.random.default_rng(0).normal(size=(ROWS, 100))
        weights = np.zeros(100)
        weights[[5, 99]] = (-3, 2)
        presenter = present(FakeStudy(X=X, weights=weights), X[0])
        names = [column["name"] for column in presenter.display["columns"]]
        assert len(names) == 64
        assert {"feature 6", "feature 100"} <= set(names)
        assert presenter.display["omitted"] == 36
        assert presenter.item(1)["values"][names.index("feature 100")] == pytest.approx(X[1, 99])

    @pytest.mark.parametrize(
        "x",
        [
            FRAME.iloc[5],
            FRAME.iloc[[5]],
            FRAME.iloc[5].to_dict(),
            FRAME.iloc[5][["income", "member", "city", "age"]],
            FRAME.iloc[5].to_numpy(),
            list(FRAME.iloc[5]),
        ],
        ids=["series", "frame", "dict", "shuffled", "array", "list"],
    )
    def test_a_target_in_any_form(self, x):
        values = present(FakeStudy(X=FRAME), x).target()["values"]
        assert values == present(FakeStudy(X=FRAME), FRAME.iloc[5]).item(5)["values"]

    @pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix, sparse.csc_array])
    def test_arrays_and_sparse_matrices_look_alike(self, make):
        X = np.eye(ROWS, 4)
        presenter = present(FakeStudy(X=make(X)), make(X[[2]]))
        assert presenter.target()["values"] == [0.0, 0.0, 1.0, 0.0]
        assert presenter.item(1)["differs"] == [1, 2]

    def test_polars(self):
        frame = pl.DataFrame({str(name): FRAME[name].tolist() for name in FRAME}, strict=False)
        presenter = present(FakeStudy(X=frame), frame[5])
        assert presenter.target() == present(FakeStudy(X=FRAME), FRAME.iloc[5]).target()
        assert presenter.item(1)["values"][:2] == [1.0, "Oslo"]

    def test_another_frame_shows_the_rows(self):
        study = FakeStudy(display=Table(FRAME, columns=["city", 0]))
        presenter = present(study, np.zeros(3))
        assert presenter.item(1)["values"] == ["Oslo", 1.0]
        assert presenter.target()["values"] == [None, None]
        assert present(study, np.zeros(3), FRAME.iloc[4]).target()["values"] == ["Oslo", 4.0]

    def test_errors_name_what_is_wrong(self):
        with pytest.raises(ValueError, match=r"shows 3 rows.*trained on 12"):
            present(FakeStudy(display=Table(FRAME[:3])), np.zeros(3))
        with pytest.raises(ValueError, match="'town', which is no column"):
            present(FakeStudy(display=Table(FRAME, columns=["town"])), np.zeros(3))


class TestImages:
    def test_small_pictures_are_enlarged_without_smoothing(self):
        images = np.zeros((ROWS, 8, 8))
        images[1, 0, 0] = 16
        images[2, 0, 0] = 8
        presenter = present(FakeStudy(display=Images(images)), np.zeros(3))
        assert presenter.display == {"kind": "image"}
        assert presenter.item(1) == {"kind": "image", "image": "row:1"}
        picture = opened(presenter.image("row:1"))
        assert picture.size == (96, 96)
        assert picture.getpixel((11, 11)) == 255
        assert picture.getpixel((12, 11)) == 0
        # One scale for all pictures: half the largest value is mid grey.
        assert opened(presenter.image("row:2")).getpixel((0, 0)) == 128

    @pytest.mark.parametrize(
        ("array", "mode"),
        [
            (np.full((200, 100, 3), 200, dtype=np.uint8), "RGB"),
            (np.full((3, 200, 100), 0.5), "RGB"),
            (np.full((200, 100, 1), 0.5, dtype=np.float32), "L"),
            (np.ones((200, 100), dtype=bool), "L"),
            (np.full((200, 100, 4), 90, dtype=np.uint8), "RGBA"),
        ],
    )
    def test_large_pictures_of_any_kind_become_thumbnails(self, array, mode):
        presenter = present(FakeStudy(display=Images([array] * ROWS)), np.zeros(3))
        picture = opened(presenter.image("row:0"))
        assert picture.size == (48, 96)
        assert picture.mode in (mode, "RGB")

    def test_paths_and_pil_images(self, tmp_path):
        path = tmp_path / "one.png"
        Image.new("P", (300, 300)).save(path)
        sources = [path, str(path), *[Image.new("CMYK", (10, 20))] * (ROWS - 2)]
        presenter = present(FakeStudy(display=Images(sources, size=64)), np.zeros(3))
        assert opened(presenter.image("row:1")).size == (64, 64)
        assert opened(presenter.image("row:5")).size == (30, 60)

    def test_a_small_photograph_stays_one(self, tmp_path):
        noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        path = tmp_path / "one.jpg"
        Image.fromarray(noise).save(path)
        plain = len(present(FakeStudy(display=Images([noise] * ROWS)), np.zeros(3)).image("row:0"))
        for source in (path, Image.open(path)):
            presenter = present(FakeStudy(display=Images([source] * ROWS)), np.zeros(3))
            sent = presenter.image("row:1")
            assert sent.startswith(b"\xff\xd8")
            assert opened(sent).size == (32, 32)
            assert len(sent) < plain / 1.5
            # As it was, but for the loss of writing it once more.
            kept = np.asarray(opened(sent), dtype=float) - np.asarray(Image.open(path))
            assert np.abs(kept).mean() < 12

    def test_noise_is_sent_as_jpeg(self):
        noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
        presenter = present(FakeStudy(display=Images([noise] * ROWS)), np.zeros(3))
        assert presenter.image("row:0").startswith((b"\xff\xd8", b"\x89PNG"))
        assert len(presenter.image("row:0")) < 12_000

    def test_small_pictures_keep_their_pixels_and_photographs_need_not(self):
        rng = np.random.default_rng(0)
        small, large = (rng.integers(0, 256, (n, n, 3), dtype=np.uint8) for n in (32, 160))
        images = Images([small, large] + [small] * (ROWS - 2), size=256)
        presenter = present(FakeStudy(display=images), np.zeros(3))
        enlarged = np.asarray(opened(presenter.image("row:0")))
        assert (enlarged[::8, ::8] == small).all()
        assert presenter.image("row:1").startswith(b"\xff\xd8")
        assert opened(presenter.image("row:1")).size == (160, 160)

    def test_the_target_is_a_picture_where_one_is_given_or_x_is_one(self):
        study = FakeStudy(display=Images(np.zeros((ROWS, 8, 8))))
        assert present(study, np.zeros(3)).target()["kind"] == "table"
        assert present(study, np.zeros(3)).image("target") is None
        study.X = np.ones((ROWS, 64))
        flattened = present(study, np.ones(64))
        assert flattened.target() == {"kind": "image", "image": "target"}
        assert opened(flattened.image("target")).getpixel((5, 5)) == 255
        assert present(study, np.zeros(3), np.zeros((8, 8))).image("target") is not None

    @pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
    def test_a_target_that_is_a_scaled_row_is_as_bright_as_its_picture(self, make):
        images = np.zeros((ROWS, 8, 8))
        images[:, 2, 3] = 16
        images[:, 2, 4] = 8
        X = make(images.reshape(ROWS, -1) / 16)
        presenter = present(FakeStudy(X=X, display=Images(images)), X[0])
        assert presenter.image("target") == presenter.image("row:0")

    @pytest.mark.parametrize("name", ["row:99", "row:-1", "row:x", "row:", "other", ""])
    def test_unknown_ids_have_no_picture(self, name):
        presenter = present(FakeStudy(display=Images(np.zeros((ROWS, 8, 8)))), np.zeros(3))
        assert presenter.image(name) is None

    def test_without_pillow_the_error_says_what_to_install(self, monkeypatch):
        presenter = present(FakeStudy(display=Images(np.zeros((ROWS, 8, 8)))), np.zeros(3))
        monkeypatch.setitem(sys.modules, "PIL", None)
        with pytest.raises(ImportError, match="pip install pillow"):
            presenter.image("row:0")

    def test_shapes_that_are_no_picture(self):
        presenter = present(FakeStudy(display=Images(np.zeros((ROWS, 5, 5, 7)))), np.zeros(3))
        with pytest.raises(ValueError, match=r"shape \(5, 5, 7\)"):
            presenter.image("row:0")


class TestTexts:
    TEXTS = ("cheap pills cheap", "the meeting is today", *["the the the"] * (ROWS - 2))

    def marked(self, item):
        units = item["text"].encode("utf-16-le")
        return [units[2 * a : 2 * b].decode("utf-16-le") for a, b, _ in item["marks"]]

    def test_texts_are_shown_without_being_asked(self):
        presenter = present(FakeStudy(X=list(self.TEXTS)), "cheap meeting")
        assert presenter.display == {"kind": "text"}
        assert self.marked(presenter.item(0)) == ["cheap", "cheap"]
        assert presenter.target()["text"] == "cheap meeting"

    def test_rare_words_weigh_more_and_common_ones_are_not_marked(self):
        presenter = present(FakeStudy(X=list(self.TEXTS)), "the cheap meeting")
        assert self.marked(presenter.item(1)) == ["meeting"]
        assert self.marked(presenter.item(5)) == []

    def test_the_models_weights_decide_where_it_tells(self):
        study = FakeStudy(
            X=np.zeros((ROWS, 2)),
            display=Texts(self.TEXTS),
            feature_names=["the", "meeting"],
            weights=np.array([2.0, -0.5]),
        )
        item = present(study, np.zeros(2), "the meeting today").item(1)
        assert [(item["text"][a:b], w) for a, b, w in item["marks"]] == [
            ("the", 1.0),
            ("meeting", 0.25),
        ]

    @pytest.mark.parametrize("counting", [CountVectorizer, TfidfVectorizer])
    def test_words_that_a_pipeline_weighs_are_marked_by_its_weights(self, counting):
        texts = ["cheap pills for all", "all at the meeting", "pills for cheap", "the meeting"]
        model = make_pipeline(counting(), LogisticRegression())
        study = forcing.Study(model.fit(texts, [1, 0, 1, 0]), texts, [1, 0, 1, 0])
        item = present(study, "cheap talk for all").item(0)
        weights = np.abs(model[1].coef_[0]) * getattr(model[0], "idf_", 1.0)
        words = dict(zip(model[0].get_feature_names_out(), weights, strict=True))
        largest = max(words[word] for word in ("cheap", "for", "all"))
        marked = {item["text"][start:end]: weight for start, end, weight in item["marks"]}
        assert marked["cheap"] == pytest.approx(words["cheap"] / largest, abs=1e-3)
        assert "all" not in marked or marked["all"] < marked["cheap"]

    def test_long_texts_are_clipped_around_the_marks(self):
        text = "dull words " * 200 + "cheap pills " + "dull words " * 200
        texts = [text, *["dull words"] * (ROWS - 1)]
        item = present(FakeStudy(X=texts), "cheap pills").item(0)
        assert self.marked(item) == ["cheap", "pills"]
        assert len(item["text"]) <= WINDOW + 4
        assert item["text"].startswith("… ")
        assert item["text"].endswith(" …")

    def test_marks_count_as_javascript_does(self):
        texts = ["\N{PILE OF POO}\N{GRINNING FACE} cheap", *["dull"] * (ROWS - 1)]
        item = present(FakeStudy(X=texts), "cheap").item(0)
        assert item["marks"][0][:2] == [5, 10]
        assert self.marked(item) == ["cheap"]

    def test_a_target_that_is_no_text(self):
        presenter = present(FakeStudy(display=Texts(self.TEXTS)), np.zeros(3))
        assert presenter.target() == {"kind": "table", "values": [], "differs": []}
        assert presenter.item(0)["marks"] == []
