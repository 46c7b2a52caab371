"""The figures of each model: name and title, the paper's first. Captions: workflow/report/*.rst."""

FIGURES: dict[str, str] = {
    "heatmap": "Correlations",
    "by_layers": "Time by layers",
    "by_batch_size": "Time by batch size",
    "by_conv_size": "Time by convolution size",
    "matched_layers": "Layers, matched cells",
    "matched_batch_size": "Batch size, matched cells",
    "matched_conv_size": "Convolution size, matched cells",
    "laws": "Laws",
    "interaction": "Layers and convolution size together",
    "saturation": "Latency and throughput against batch",
    "thresholds": "Threshold profiles",
    "work": "Latency against work",
    "roofline": "Roofline",
    "time_shares": "Where the time goes",
    "held_out": "Predicted against measured",
    "residuals": "Residuals",
    "machines": "Machine against machine",
}
"""What draws each is in `figures`; this list is all that the rules need to know."""

DRAWN_TABLES = (
    "anova", "correlations", "drift", "held_out", "held_out_cells", "laws", "machines", "outliers",
    "regimes", "saturation", "threshold_profiles", "thresholds", "time_shares",
)  # fmt: skip
"""The fitted tables that figures are drawn from."""
