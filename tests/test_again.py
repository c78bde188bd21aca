"""The command that repeats tests tells of those that fail and of those that hang."""

from tests import again

PASSES = "def test_passes():\n    pass\n"
FAILS = "def test_fails():\n    assert 'apple' == 'pear'\n"
HANGS = "import time\n\ndef test_hangs():\n    time.sleep(600)\n"


def written(folder, text):
    file = folder / "test_it.py"
    file.write_text(text)
    return str(file)


def test_repetitions_that_pass(tmp_path, capsys):
    assert again.main(["--times", "2", written(tmp_path, PASSES)]) == 0
    assert "2 repetitions, 0 failed" in capsys.readouterr().out


def test_repetitions_that_fail(tmp_path, capsys):
    assert again.main(["--times", "1", written(tmp_path, FAILS)]) == 1
    assert "assert 'apple' == 'pear'" in capsys.readouterr().out


def test_repetitions_that_hang(tmp_path, capsys):
    assert again.main(["--times", "1", "--limit", "3", written(tmp_path, HANGS)]) == 1
    assert "not over after 3 s" in capsys.readouterr().out


def test_the_files_are_there():
    assert all((again.ROOT / file).exists() for file in again.LIFECYCLE)
