# The console: needs the study; says what is ahead, what comes and how it ended. It has no rule, but keeps Snakemake
# still while cells are timed.
from tfscale.console.again import keep_old_runs, time_next
from tfscale.console.console import Console
from tfscale.console.opening import Opening
from tfscale.console.console import still_while_jobs_run

console = Console(
    Opening(study, results, models),
    workflow.pathvars.apply("<logs>"),
    Call.of(workflow),
)


onstart:
    still_while_jobs_run(workflow.scheduler)
    keep_old_runs(workflow)
    console.open(workflow)


onsuccess:
    console.end(well=True)


onerror:
    time_next(workflow)
    console.end(well=False)
