"""A lane's whole way through several pieces of machine code, as one program."""
