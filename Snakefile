"""How TensorFlow's inference time grows with the complexity of a model."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


pathvars:
    logs="<results>/logs",
    models="<results>/models",


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/timing.smk"
include: "workflow/rules/analysis.smk"


rule all:
    """The whole study: every table, every figure and the report (default)."""
    default_target: True
    input:
        "<results>/report.html",
