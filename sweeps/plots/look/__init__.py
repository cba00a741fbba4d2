"""How pictures look: words, ticks, colours, and what a user says of them."""
