import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn.music.notation.lexer import CLASS, CLASSES, NEXT, State, advance, tokens

ABC = "ABCGabcdgxyzZXKMLTVYhkuv0123/|:[](){}<>^_=',-\"!+.~&$`\\% \n\r\t#é"


def split(text: str) -> list[tuple[str, str]]:
    return [(State(kind).name, text[start:end]) for kind, start, end in tokens(text)]


@given(st.one_of(st.text(), st.text(ABC, max_size=200)))
def test_the_splitter_loses_no_character(text: str):
    parts = tokens(text)
    assert "".join(text[start:end] for _, start, end in parts) == text
    assert all(start < end for _, start, end in parts)


@given(st.text(ABC, max_size=200).map(lambda text: text.translate(dict.fromkeys(map(ord, '"!+')))))
def test_a_token_is_of_the_kind_of_the_state_after_its_last_character(text: str):
    states, state = [], int(State.START)
    for character in text:
        state = advance(state, character)
        states.append(state)
    assert [states[end - 1] for _, _, end in tokens(text)] == [kind for kind, _, _ in tokens(text)]


def test_every_state_knows_every_class_of_characters():
    assert len(NEXT) == len(State)
    assert {len(row) for row in NEXT} == {len(CLASSES)}
    assert all(0 <= entry >> 1 < len(State) for row in NEXT for entry in row)
    assert sorted(CLASS.values()) and max(CLASS.values()) == len(CLASSES) - 2


def test_every_state_but_the_first_can_be_reached():
    reached, new = set(), {int(State.START)}
    while new:
        reached |= new
        new = {entry >> 1 for state in new for entry in NEXT[state]} - reached
    assert reached == set(map(int, State))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("K:G\nA:|", "LINE_LETTER K,VALUE :G,NEWLINE \n,LINE_NOTE A,BAR :|"),
        ("A::B", "LINE_NOTE A,BAR ::,NOTE B"),
        ("C:Bach % who\r\n", "LINE_NOTE C,VALUE :Bach ,COMMENT % who,NEWLINE \r\n"),
        ("H:|", "LINE_LETTER H,VALUE :|"),
        ("T:5\\% of", "LINE_LETTER T,VALUE :5\\% of"),
        ("+:more", "LINE_PLUS +,VALUE :more"),
        (" c:|", "SPACE  ,NOTE c,BAR :|"),
        (" ^^c',3/2__d=e", "SPACE  ,NOTE ^^c',,DENOMINATOR 3/2,NOTE __d,NOTE =e"),
        ("[CE]2[K:Gm][1", "BRACKET [,INLINE_NOTE C,NOTE E,CHORD_END ],NUMERATOR 2,BRACKET [,INLINE_LETTER K,"
         "INLINE_VALUE :Gm,INLINE_END ],ENDING [1"),
        ("|1 :|2,3", "BAR |,ENDING 1,SPACE  ,BAR :|,ENDING 2,3"),
        ("[|] .| |]", "BAR [|],SPACE  ,BAR .|,SPACE  ,BAR |]"),
        ("(3:2:4a (abc)", "TUPLET_NOTES (3:2:4,NOTE a,SPACE  ,SLUR (,NOTE a,NOTE b,NOTE c,SLUR_END )"),
        ("a>>b<c-", "LINE_NOTE a,LONG_SHORT >>,NOTE b,SHORT_LONG <,NOTE c,TIE -"),
        ("{/g}y2", "GRACE_SLASH {/,NOTE g,GRACE_END },SPACER y,NUMERATOR 2"),
        ('"Am"!f!+trill+~u.', 'QUOTE_END "Am",BANG_END !f!,PLUS_END +trill+,DECORATION ~,DECORATION u,DOT .'),
        ("!no b!x", "BANG !,DECORATION n,DECORATION o,SPACE  ,NOTE b,BANG !,REST x"),
        ('"ab\nc', 'QUOTE ",NOTE a,NOTE b,NEWLINE \n,LINE_NOTE c'),
        ("a \\\n", "LINE_NOTE a,SPACE  ,BACKSLASH \\,NEWLINE \n"),
        ("2,'", "JUNK 2,JUNK ,,JUNK '"),
    ],
)  # fmt: skip
def test_characters_fall_into_tokens(text: str, expected: str):
    assert ",".join(f"{kind} {part}" for kind, part in split(text)) == expected


def test_what_nothing_closes_is_read_in_linear_time():
    chance = random.Random(0)
    for alphabet in ('"!+a', "!a ", '"\n', "[K:a", "+!x|"):
        text = "".join(chance.choice(alphabet) for _ in range(100_000))
        start = time.process_time()
        tokens(text)
        assert time.process_time() - start < 1
