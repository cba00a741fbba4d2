"use strict";
// One panel: axes with their scales, ticks and labels, hatched where nothing is drawn.
EQ.text = (text) => new Bokeh.PlainText({ text: text.length > 70 ? `${text.slice(0, 67)}...` : text });

// One scale of colours for maps that stand beside each other.
EQ.shareColours = (views) => {
  const smooth = views.map((view) => view.colours).filter((colours) => colours && !colours.edges);
  if (smooth.length < 2 || smooth.length < views.length) return;
  const low = Math.min(...smooth.map((one) => one.low)), high = Math.max(...smooth.map((one) => one.high));
  for (const colours of smooth) Object.assign(colours, { low, high });
};

EQ.range = (low, high) => new Bokeh.Range1d({ start: low, end: high, reset_start: low, reset_end: high });

EQ.axis = (axis, way, label) => {
  axis.axis_label = EQ.text(label);
  axis.axis_label_text_font_style = "normal";
  if (!way.named) return;
  const step = Math.ceil(way.names.length / 40);
  const ticks = way.names.map((_, i) => i).filter((i) => i % step === 0);
  axis.ticker = new Bokeh.FixedTicker({ ticks, minor_ticks: [] });
  axis.major_label_overrides = new Map(ticks.map((i) => [i, EQ.text(way.names[i])]));
  if (way.names.some((name) => name.length > 8) && axis.type === "LinearAxis" && way.turned) axis.major_label_orientation = 0.6;
};

EQ.panel = (size, ranges, logs, hatched) => {
  const figure = Bokeh.Plotting.figure({
    width: size.width, height: size.height, x_range: ranges.x, y_range: ranges.y,
    x_axis_type: logs.x ? "log" : "linear", y_axis_type: logs.y ? "log" : "linear",
    tools: "pan,box_select,wheel_zoom,box_zoom,reset,save", active_drag: "box_select",
    background_fill_color: hatched ? "#e8e8e8" : "#ffffff",
  });
  figure.toolbar.logo = null;
  // Ten small ticks between two numbers are a black bar where a scale has less than a decade, and the panel is small.
  for (const axis of [...figure.below, ...figure.left]) if (axis.type === "LogAxis") axis.ticker.num_minor_ticks = 5;
  if (hatched) {
    figure.grid.visible = false;
    figure.add_layout(new Bokeh.BoxAnnotation({
      fill_alpha: 0, line_alpha: 0, hatch_pattern: "right_diagonal_line", hatch_color: "#aaa", hatch_scale: 8,
      hatch_alpha: 1, level: "image", editable: false,
    }));
  }
  return figure;
};

// Logarithms of edges that a logarithmic axis takes as numbers.
EQ.ends = (edges, log) => [edges[0], edges[edges.length - 1]].map((edge) => (log ? Math.exp(edge) : edge));

EQ.padded = (ends, log) => {
  if (!ends) return log ? [0.1, 10] : [0, 1];
  let [low, high] = ends;
  if (log) {
    const margin = Math.max(Math.log(high / low) * 0.04, 0.01);
    return [low * Math.exp(-margin), high * Math.exp(margin)];
  }
  const margin = (high - low) * 0.04 || Math.abs(low) * 0.05 || 0.5;
  return [low - margin, high + margin];
};

EQ.mapper = (colours) => {
  const options = { palette: colours.palette, nan_color: "rgba(0,0,0,0)" };
  if (colours.edges) return new Bokeh.LinearColorMapper({ ...options, low: -0.5, high: colours.palette.length - 0.5 });
  let { low, high } = colours;
  if (low === high) high = low + (Math.abs(low) * 1e-3 || 1e-3);
  const kind = colours.log ? Bokeh.LogColorMapper : Bokeh.LinearColorMapper;
  return new kind({ ...options, low, high });
};

EQ.colourBar = (figure, colours, mapper) => {
  const options = { color_mapper: mapper, width: 12, padding: 4 };
  if (colours.edges) {
    const ticks = colours.edges.map((_, i) => i - 0.5);
    options.ticker = new Bokeh.FixedTicker({ ticks });
    options.major_label_overrides = new Map(ticks.map((tick, i) => [tick, EQ.text(EQ.number(colours.edges[i]))]));
    if (colours.whole) {
      const middle = colours.palette.map((_, i) => i);
      options.ticker = new Bokeh.FixedTicker({ ticks: middle });
      options.major_label_overrides = new Map(middle.map((i) => [i, EQ.text(String(colours.whole[i]))]));
    }
  }
  figure.add_layout(new Bokeh.ColorBar(options), "right");
};

EQ.ndarray = (values, dtype, shape) => Bokeh.require("core/util/ndarray").ndarray(values, { dtype, shape });
