"""What tests of machine code share: small programs for it, an interpreter of scalars, a GPU without one."""
