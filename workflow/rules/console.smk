# The console: needs the study; says what is ahead, what comes and how it ended. It has no rule, but keeps Snakemake
# still while cells are timed.
from tfscale.console.again import causes, keep_old_runs, refusal, time_next
from tfscale.console.console import Console, still_while_jobs_run
from tfscale.console.environment import refuse_without_conda, refuse_without_packages
from tfscale.console.opening import Opening

console = Console(Opening(study, results, models), Call.of(workflow))
refuse_without_conda(workflow)


onstart:
    refuse_without_packages(workflow, study)
    if unasked := refusal(causes(workflow, call), call):
        sys.exit(unasked)
    still_while_jobs_run(workflow.scheduler)
    keep_old_runs(workflow)
    console.open(workflow)


onsuccess:
    console.end(well=True)


onerror:
    time_next(workflow)
    console.end(well=False)
