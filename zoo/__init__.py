"""Small models trained here, each beside the script that trained it."""
