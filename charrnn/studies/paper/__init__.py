"""The paper on one page: its statements judged, its figures beside what it says of them, its tunes to be heard."""
