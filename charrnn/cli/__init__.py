"""All that is Hydra's: nothing outside this folder imports it."""
