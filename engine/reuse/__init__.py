"""Points that another cube has already: which they are, whether they may be taken over, and the rest."""
