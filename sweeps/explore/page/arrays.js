"use strict";
// Numbers as they come from a cube, and pictures of them on even pixels.
EQ.numbers = (packed) => {
  const text = atob(packed.bytes);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const kinds = { f4: Float32Array, f8: Float64Array, i4: Int32Array, i1: Int8Array, u1: Uint8Array };
  return new kinds[packed.type](bytes.buffer);
};

// Borders of the cells around an axis' values: halfway between them, on the axis' own scale, within its limits.
EQ.edges = (positions, log, limits) => {
  const ends = EQ.halfway(positions, log);
  const [low, high] = limits.map((end, i) => (end === null || (log && end <= 0) ? (i ? Infinity : -Infinity) : log ? Math.log(end) : end));
  const within = ends.map((end) => Math.min(Math.max(end, low), high));
  return within.some((end, i) => i > 0 && end === within[i - 1]) ? ends : within;
};

EQ.halfway = (positions, log) => {
  const at = Array.from(positions, (value) => (log ? Math.log(value) : value));
  const count = at.length;
  if (count === 1) {
    const half = log ? 0.5 : 0.5 * Math.abs(at[0]) || 0.5;
    return [at[0] - half, at[0] + half];
  }
  const edges = [];
  for (let i = 1; i < count; i++) edges.push((at[i - 1] + at[i]) / 2);
  return [2 * at[0] - edges[0], ...edges, 2 * at[count - 1] - edges[count - 2]];
};

// Which cell each of some even pixels between the first and the last edge lies in.
EQ.pixels = (edges) => {
  const count = edges.length - 1;
  const width = (edges[count] - edges[0]) / count;
  const even = edges.every((edge, i) => Math.abs(edge - edges[0] - i * width) <= 0.02 * width);
  if (even) return Int32Array.from({ length: count }, (_, i) => i);
  const many = Math.min(Math.max(4 * count, 200), 800);
  const cells = new Int32Array(many);
  for (let i = 0, cell = 0; i < many; i++) {
    const at = edges[0] + ((i + 0.5) / many) * (edges[count] - edges[0]);
    while (cell < count - 1 && at > edges[cell + 1]) cell++;
    cells[i] = cell;
  }
  return cells;
};

// The position whose value lies nearest, on the axis' own scale.
EQ.nearest = (positions, value, log) => {
  let best = 0, least = Infinity;
  for (let i = 0; i < positions.length; i++) {
    const away = Math.abs(log ? Math.log(positions[i] / value) : positions[i] - value);
    if (away < least) [best, least] = [i, away];
  }
  return best;
};

EQ.finite = (values) => {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (Number.isFinite(value)) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
};
