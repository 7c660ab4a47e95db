import gzip
import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

import forcing
from forcing import datasets
from forcing.datasets import DatasetMissingError

LOADERS = {
    "heloc": datasets.load_heloc,
    "enron": datasets.load_enron,
    "dog-fish": datasets.load_dogfish,
    "CIFAR-10": datasets.load_cifar10,
}


@pytest.fixture
def nowhere(monkeypatch):
    monkeypatch.delenv("FORCING_DATA", raising=False)


@pytest.fixture
def place(monkeypatch, tmp_path):
    monkeypatch.setenv("FORCING_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("name", LOADERS)
def test_without_data_another_real_set_stands_in_and_says_so(name):
    data = LOADERS[name]()
    assert data.stand_in
    assert data.name != name
    assert "stands in" in repr(data)
    assert "FORCING_DATA is not set" in data.note
    assert len(data.X) == len(data.y)
    assert set(data.y_test) <= set(data.y)


@pytest.mark.parametrize("name", LOADERS)
def test_without_data_and_without_stand_in_the_error_says_where_to_get_it(place, name):
    with pytest.raises(DatasetMissingError, match=r"https://.* Put it into a folder") as error:
        LOADERS[name](stand_in=False)
    assert str(place) in str(error.value)
    assert isinstance(error.value, FileNotFoundError)


def test_a_folder_that_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("FORCING_DATA", str(tmp_path / "gone"))
    with pytest.raises(NotADirectoryError, match="FORCING_DATA is"):
        forcing.datasets.load_heloc()


def test_a_table_cut_short_is_not_taken_for_the_data(place):
    (place / "heloc_dataset_v1.csv").write_text("RiskPerformance,a\nBad,1\n")
    with pytest.raises(ValueError, match="columns 2, but 24 was expected: the file is cut short"):
        datasets.load_heloc()


def test_mails_cut_short_are_not_taken_for_the_data(place):
    with gzip.open(place / "enron1.jsonl.gz", "wt") as file:
        file.write(json.dumps({"name": "ham/1.txt", "text": "Subject: hi", "label": "ham"}) + "\n")
    with pytest.raises(ValueError, match="cut short"):
        datasets.load_enron()


def test_the_corpus_as_its_makers_give_it_is_read_too(place, data_folder, monkeypatch):
    monkeypatch.setenv("FORCING_DATA", str(data_folder))
    expected = datasets.load_enron(stand_in=False)
    monkeypatch.setenv("FORCING_DATA", str(place))
    with gzip.open(data_folder / "enron1.jsonl.gz", "rt", encoding="utf-8") as lines:
        mails = [json.loads(line) for line in lines]
    with tarfile.open(place / "enron1.tar.gz", "w:gz") as tar:
        for mail in mails:
            text = mail["text"].replace("\n", "\r\n").encode("latin-1", errors="replace")
            member = tarfile.TarInfo(f"enron1/{mail['name']}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    data = datasets.load_enron(stand_in=False)
    assert data.y.tolist() == expected.y.tolist()
    assert data.X[0] == expected.X[0]


@pytest.mark.usefixtures("data_folder")
def test_heloc():
    data = datasets.load_heloc(stand_in=False)
    assert data.X.shape == (7_896, 23)
    assert data.X_test.shape == (1_975, 23)
    assert set(data.classes) == {"bad credit", "good credit"}
    assert not (data.X == -9).all(axis=1).any()
    assert set(data.axes) <= set(data.X.columns)


@pytest.mark.usefixtures("data_folder")
def test_enron():
    data = datasets.load_enron(stand_in=False)
    assert (len(data.y), len(data.y_valid), len(data.y_test)) == (3_310, 827, 1_035)
    assert data.X[0].startswith("Subject:")


@pytest.mark.usefixtures("data_folder")
def test_dogfish_pictures_are_those_of_the_features():
    data = datasets.load_dogfish(stand_in=False)
    assert data.X.shape == (1_800, 1_280)
    assert (data.y == "dog").sum() == 900
    assert (data.y_test == "fish").sum() == 300
    assert len(data.pictures) == 1_800
    assert data.pictures[0].size == (160, 160)


@pytest.mark.usefixtures("data_folder")
def test_cifar10_keeps_the_classes_asked_for():
    data = datasets.load_cifar10(("cat", "dog"), n_train=50, n_test=20, stand_in=False)
    assert data.X.shape == (50, 1_280)
    assert set(data.classes) == {"cat", "dog"}
    assert len(data.pictures_test) == 20
    with pytest.raises(ValueError, match=r"'fish'.*its classes are airplane"):
        datasets.load_cifar10(("fish",), stand_in=False)


def test_pictures_are_decoded_one_by_one():
    encoded = []
    for grey in (0, 200):
        file = io.BytesIO()
        Image.new("L", (4, 4), grey).save(file, "PNG")
        encoded.append(file.getvalue())
    pictures = datasets.Pictures(encoded)
    assert [np.asarray(picture).max() for picture in pictures] == [0, 200]
    assert len(pictures[1:]) == 1
    assert np.asarray(pictures.take([1])[0]).max() == 200


@pytest.mark.usefixtures("nowhere")
def test_docstrings_can_be_told_apart_and_none_is_in_both_parts():
    data = datasets.load_docstrings()
    assert len(set(data.X) & set(data.X_test)) == 0
    assert len(data.y) > 300
    assert repr(data).startswith("<Dataset docstrings")
