"""A space becomes a cube over fewer axes: tiles are folded into statistics as they are computed."""
