"""Execute the notebooks of this folder and keep what their cells show: ``make notebooks``.

Each runs in a folder of its own that goes again. A cell that fails ends it, and nothing is written.
"""

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent


def main(notebooks: list[Path]) -> None:
    """Execute notebooks in place."""
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            NotebookClient(
                notebook, timeout=600, resources={"metadata": {"path": folder}}, record_timing=False
            ).execute()
        for cell in notebook.cells:
            if cell.cell_type == "code":  # what a run reports of its progress is not for readers
                cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        notebook.metadata.language_info = {"name": "python"}  # not the version that happened to run it
        nbformat.write(notebook, path)
        print(path)


if __name__ == "__main__":
    main([Path(name).resolve() for name in sys.argv[1:]] or sorted(HERE.glob("*.ipynb")))
