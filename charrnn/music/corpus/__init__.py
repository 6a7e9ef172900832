"""From files to tunes: what is read, dropped, repaired and ignored, all counted."""

from charrnn.music.corpus.diagnosis import diagnose
from charrnn.music.corpus.parsing import Corpus, body, parse
from charrnn.music.corpus.sources import COLLECTIONS, Source, find_sources, fingerprint

__all__ = ["COLLECTIONS", "Corpus", "Source", "body", "diagnose", "find_sources", "fingerprint", "parse"]
