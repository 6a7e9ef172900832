import numpy as np
import pytest

from charrnn.errors import UserError
from charrnn.learning.vocab import END, START, Vocabulary

TUNES = ["X:1\nK:G\nGAB|", "X:2\nK:D\nfed é|"]


def test_the_alphabet_is_sorted_and_holds_the_marks():
    vocab = Vocabulary("cab")
    assert vocab.characters == [START, END, "a", "b", "c"]
    assert len(vocab) == 5
    assert (vocab.start, vocab.end) == (0, 1)
    assert (START, END) == ("\x02", "\x03")


def test_ids_do_not_depend_on_order_or_number_of_the_characters():
    text = "".join(TUNES)
    once = Vocabulary(text)
    assert Vocabulary(reversed(text)).characters == once.characters
    assert Vocabulary(text * 3).characters == once.characters
    assert Vocabulary(once.characters).characters == once.characters
    assert once.characters == sorted(set(text) | {START, END})


def test_a_text_comes_back_from_its_ids():
    text = "".join(TUNES)
    vocab = Vocabulary(text)
    ids = vocab.encode(text)
    assert ids.dtype == np.int64
    assert ids.shape == (len(text),)
    assert vocab.decode(ids) == vocab.decode(ids.tolist()) == text


def test_ids_written_out():
    assert Vocabulary("ba\n").encode("ab\nb").tolist() == [3, 4, 2, 4]
    assert Vocabulary("ba\n").encode("").tolist() == []
    assert Vocabulary("ba\n").encode("").dtype == np.int64


def test_every_tune_stands_between_its_marks():
    vocab = Vocabulary("".join(TUNES))
    assert vocab.decode(vocab.encode_tunes(TUNES)) == "".join(f"{START}{t}{END}" for t in TUNES)
    assert vocab.encode_tunes([]).tolist() == []


@pytest.mark.parametrize(
    ("text", "named"), [("GA~", r"'~' \(U\+007E\)"), ("ß", r"'ß' \(U\+00DF\)"), ("G\tA", r"'\\t' \(U\+0009\)")]
)
def test_an_unknown_character_is_named_with_its_code_point(text, named):
    with pytest.raises(UserError, match=f"^prompt: expected characters of the alphabet .*{named}"):
        Vocabulary("".join(TUNES)).encode(text, "prompt")


def test_the_alphabet_in_an_error_holds_no_marks():
    with pytest.raises(UserError, match=r"\( :ABDGKX") as raised:
        Vocabulary(" :ABDGKX\n").encode("~")
    assert START not in str(raised.value)
    assert END not in str(raised.value)


def test_printable_leaves_out_marks_and_ends_of_lines():
    assert Vocabulary("b\na ").printable == [" ", "a", "b"]


def test_tunes_come_back_from_their_ids_also_one_that_a_split_cut_off():
    vocab = Vocabulary("abc")
    ids = vocab.encode_tunes(["ab", "c", "ca"])
    assert vocab.decode_tunes(ids) == ["ab", "c", "ca"]
    assert vocab.decode_tunes(ids[2:-2]) == ["b", "c", "c"]
