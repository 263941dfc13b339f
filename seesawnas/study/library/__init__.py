"""Finding studies, their trials and study files by what users call them."""
