"""What a cube says of itself: to people, in notebooks, and for a bibliography."""
