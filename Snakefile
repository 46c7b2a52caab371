"""How TensorFlow's inference time grows with the complexity of a model."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


pathvars:
    logs="<results>/logs",


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/models.smk"
