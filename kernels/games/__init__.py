"""The games that belong to the project, a file or a folder each; `registry` lists them."""
