"""From a traced function to machine code: scalars, loops around them, and a back end for a device."""
