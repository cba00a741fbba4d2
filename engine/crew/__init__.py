"""One sweep on many processes that somebody else starts: who leads them, and what each of them does."""
