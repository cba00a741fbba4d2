"""One cube, many writers, on hosts that share nothing but the storage: who they are, and what is whose."""
