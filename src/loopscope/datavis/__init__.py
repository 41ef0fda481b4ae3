"""From a frame to a chart: a `plot_*` or `draw_*` function neither queries nor saves; `save_chart` writes the file."""
