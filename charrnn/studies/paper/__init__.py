"""The paper on one page: verdicts on its statements, its figures beside its words, tunes with score and sound."""
