"use strict";
// Heat maps, maps of classes and contours: a picture of cells, hatched where there is no result.
EQ.bandOf = (edges, value) => {
  if (Number.isNaN(value)) return NaN;
  for (let i = 1; i < edges.length; i++) if (value <= edges[i] && value >= edges[i - 1]) return i - 1;
  return value < edges[0] ? 0 : edges.length - 2;
};

EQ.image = (figure, cells, edges, logs, mapper) => {
  const [x0, x1] = EQ.ends(edges.x, logs.x), [y0, y1] = EQ.ends(edges.y, logs.y);
  const across = EQ.pixels(edges.x), up = EQ.pixels(edges.y), width = edges.x.length - 1;
  const shown = new Float32Array(across.length * up.length);
  for (let j = 0; j < up.length; j++) {
    const row = up[j] * width, start = j * across.length;
    for (let i = 0; i < across.length; i++) shown[start + i] = cells[row + across[i]];
  }
  const image = EQ.ndarray(shown, "float32", [up.length, across.length]);
  figure.image({ image: [image], x: [x0], y: [y0], dw: [x1 - x0], dh: [y1 - y0], color_mapper: mapper, level: "glyph" });
};

EQ.drawMap = (view, size, shared) => {
  const logs = { x: view.x.log, y: view.second.log };
  const x = EQ.numbers(view.x.positions), y = EQ.numbers(view.second.positions);
  const edges = { x: EQ.edges(x, logs.x, view.x.limits), y: EQ.edges(y, logs.y, view.second.limits) };
  shared.x = shared.x || EQ.range(...EQ.ends(edges.x, logs.x));
  shared.y = shared.y || EQ.range(...EQ.ends(edges.y, logs.y));
  const layer = view.layers[0], values = EQ.numbers(layer.values), cells = x.length * y.length;
  const absent = layer.absent ? EQ.numbers(layer.absent) : null;
  const ranks = view.classes ? new Map(view.classes.map((one, i) => [one.code, i])) : null;
  const colours = view.classes
    ? { palette: view.classes.map((one) => one.colour), edges: [] }
    : view.colours;
  const mapper = colours ? EQ.mapper(colours) : null;
  return view.panels.map((title, k) => {
    const figure = EQ.panel(size, shared, logs, true);
    EQ.axis(figure.xaxis, { ...view.x, turned: true }, view.x.label);
    EQ.axis(figure.yaxis, view.second, view.second.label);
    const part = values.subarray(k * cells, (k + 1) * cells);
    if (absent) {
      const pale = Float32Array.from(absent.subarray(k * cells, (k + 1) * cells), (one) => (one ? 1 : NaN));
      EQ.image(figure, pale, edges, logs, EQ.mapper({ palette: ["rgba(255,255,255,0.6)"], low: 0, high: 2 }));
    }
    if (mapper) {
      const banded = ranks ? part.map((value) => (Number.isNaN(value) ? NaN : ranks.get(value)))
        : colours.edges ? part.map((value) => EQ.bandOf(colours.edges, value)) : part;
      if (view.kind === "contour") EQ.contours(figure, view.contours[k], colours);
      else EQ.image(figure, banded, edges, logs, mapper);
      if (!view.classes && k === view.panels.length - 1) EQ.colourBar(figure, colours, mapper);
    }
    const locate = (at) => {
      const i = EQ.nearest(x, at.x, logs.x), j = EQ.nearest(y, at.y, logs.y);
      return { i, j, k, value: part[j * x.length + i], absent: absent ? absent[k * cells + j * x.length + i] : 0 };
    };
    return { figure, title, locate };
  });
};

EQ.contours = (figure, made, colours) => {
  made.bands.forEach((polygons, band) => {
    if (!polygons.length) return;
    const xs = polygons.map((rings) => [rings.map((ring) => ring[0])]);
    const ys = polygons.map((rings) => [rings.map((ring) => ring[1])]);
    figure.multi_polygons({ xs, ys, fill_color: colours.palette[band], line_color: colours.palette[band], line_width: 0.5 });
  });
  made.levels.forEach((curves, i) => {
    if (!curves.length) return;
    figure.multi_line({ xs: curves.map((one) => one[0]), ys: curves.map((one) => one[1]), line_color: "#000", line_width: 0.7 });
    const longest = curves.reduce((a, b) => (b[0].length > a[0].length ? b : a));
    const middle = Math.floor(longest[0].length / 2);
    figure.text({
      x: [longest[0][middle]], y: [longest[1][middle]], text: [made.texts[i]], text_font_size: "10px",
      text_align: "center", text_baseline: "middle", background_fill_color: "#fff", background_fill_alpha: 0.75,
    });
  });
};
