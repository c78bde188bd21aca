"""The demo: right factor, right answers, whatever the tile; and clear refusals."""
# ruff: noqa: N803, N806 -- matrices have the capital names that they have in every textbook

import argparse
import gzip

import numpy as np
import pytest

import zuki
from zuki.demo import DIGITS, gaussian_process, load_digits


@pytest.fixture(scope="module")
def digits():
    return load_digits(DIGITS)


def by_hand(A, B):
    """The kernel by its definition."""
    return np.exp(-gaussian_process.GAMMA * ((A[:, None] - B) ** 2).sum(axis=2))


def test_the_digits_that_are_shipped(digits):
    points, labels = digits
    assert points.shape == (1797, 64)
    assert points.min() == 0
    assert points.max() == 1
    assert set(labels) == set(range(10))


def test_kernel_tile(digits):
    A, B = digits[0][:7], digits[0][5:16]
    K = np.empty((7, 11))
    gaussian_process.kernel_tile(A, B, gaussian_process.GAMMA, K)
    np.testing.assert_allclose(K, by_hand(A, B), rtol=1e-12)
    np.testing.assert_allclose(gaussian_process.numpy_kernel(A, B), by_hand(A, B), rtol=1e-12)


@pytest.mark.parametrize("tile", [16, 50, 64, 120, 1000])
def test_every_tile_size_gives_numpys_factor_and_answers(digits, tile):
    points, labels = digits
    known, known_labels, new = points[:120], labels[:120], points[120:190]
    graph, factor, answers = gaussian_process.build_graph(known, known_labels, new, tile)
    with zuki.Executor(max_threads=2) as executor:
        for _ in range(2):  # a run starts from the points, not from what the last run left
            answers[:] = -1
            graph.run(executor)
            assert gaussian_process.factor_error(factor, known) < 1e-12
            np.testing.assert_array_equal(answers, gaussian_process.numpy_answers(known, known_labels, new))


def test_the_demo_recognises_the_digits(capsys):
    assert gaussian_process.main(["--repeat", "1", "--workers", "2"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(lines) == ["digits", "graph", "first", "build", "run", "factor", "accuracy", "numpy"]
    assert lines["digits"].startswith("1198 to learn from, 599 held out")
    assert lines["graph"].startswith("515 tasks, ")
    assert float(lines["accuracy"].split()[0]) >= 0.97
    assert lines["numpy"].split()[-1] == lines["accuracy"].split()[0]


def test_a_file_of_ones_own(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text("0,16,1\n16,0,2\n1,15,1\n15,1,2\n2,14,1\n14,2,2\n")
    assert gaussian_process.main(["--data", str(path), "--tile", "3", "--repeat", "1"]) == 0
    assert "accuracy  1.0000" in capsys.readouterr().out


def test_a_factor_that_is_not_numpys_is_an_error(monkeypatch, capsys):
    monkeypatch.setattr(gaussian_process, "factor_error", lambda factor, points: float("nan"))
    assert gaussian_process.main(["--repeat", "1", "--tile", "256"]) == 1
    assert "the factor is off" in capsys.readouterr().err


def test_the_options_can_be_mounted_on_another_parser():
    parser = argparse.ArgumentParser()
    gaussian_process.add_arguments(parser)
    assert parser.parse_args(["--tile", "64"]).tile == 64
    assert parser.parse_args([]).data == DIGITS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tile", "0"], "--tile must be at least 1, not 0"),
        (["--workers", "-1"], "--workers must be at least 1, not -1"),
        (["--workers", "1000000"], "max_threads must be between 1 and"),
        (["--repeat", "0"], "--repeat must be at least 1, not 0"),
        (["--tile", "1"], "too many tiles; try 10"),
        (["--data", "no such file"], "cannot read no such file: No such file"),
        (["--data", "."], "cannot read .: Is a directory"),
    ],
)
def test_bad_options_are_one_line(options, message, capsys):
    refused(options, message, capsys)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "needs 3 or more rows"),
        (b"1,2,3\n", "needs 3 or more rows"),
        (b"1\n2\n3\n", "needs 3 or more rows"),
        (b"1,2,3\n1,2\n1,2,3\n", "cannot read"),
        (b"1,2,three\n", "cannot read"),
        (b"\xff\xfe\xff", "cannot read"),
        (b"1,2,3\n1,17,3\n1,2,3\n", "a pixel that is not between 0 and 16"),
        (b"1,2,3\n1,nan,3\n1,2,3\n", "a pixel that is not between 0 and 16"),
        (b"1,2,3\n1,2,10\n1,2,3\n", "a label (the last column) that is not a digit"),
        (b"1,2,3\n1,2,0.5\n1,2,3\n", "a label (the last column) that is not a digit"),
        (b"1,2,3\n1,2,nan\n1,2,3\n", "a label (the last column) that is not a digit"),
    ],
)
def test_malformed_data_is_one_line(content, message, tmp_path, capsys):
    path = tmp_path / "digits.csv"
    path.write_bytes(content)
    refused(["--data", str(path)], message, capsys)


@pytest.mark.parametrize("damage", [lambda whole: whole[:40], lambda whole: b"not gzip", lambda whole: b""])
def test_a_damaged_archive_is_one_line(damage, tmp_path, capsys):
    path = tmp_path / "digits.csv.gz"
    path.write_bytes(damage(gzip.compress(b"1,2,3\n" * 1000)))
    refused(["--data", str(path)], "", capsys)


def test_an_option_that_is_no_number_ends_with_2(capsys):
    with pytest.raises(SystemExit) as ending:
        gaussian_process.main(["--tile", "wide"])
    assert ending.value.code == 2
    assert "invalid int value: 'wide'" in capsys.readouterr().err


def refused(options, message, capsys):
    assert gaussian_process.main(options) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("zuki demo: ")
    assert err.count("\n") == 1
    assert message in err
