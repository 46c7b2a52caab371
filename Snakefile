"""How TensorFlow's inference time grows with the complexity of a model."""

from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/config.smk"


configfile: base


pathvars:
    logs="<results>/logs",
    models="<results>/models",


include: "workflow/rules/common.smk"


if not study.partial:  # a partial report trains and times nothing

    include: "workflow/rules/data.smk"
    include: "workflow/rules/models.smk"
    include: "workflow/rules/timing.smk"


if not study.partial or study.lacks_machine:

    include: "workflow/rules/machine.smk"


include: "workflow/rules/analysis.smk"
include: "workflow/rules/console.smk"


rule all:
    """The whole study: every table, every figure and the report (default)."""
    default_target: True
    input:
        "<results>/report.html",
