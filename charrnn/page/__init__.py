"""The page that shows a run's tunes and goes on composing: one HTML file, the network in it."""
