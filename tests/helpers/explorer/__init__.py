"""What tests of the explorer share: its questions, and a browser."""
