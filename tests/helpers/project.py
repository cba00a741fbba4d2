"""Where the project stands on the disk, so that a test can move to another folder."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
