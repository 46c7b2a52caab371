# The console: needs the study; says what is ahead, what comes and how it ended. It has no rule.
from tfscale.console import Console
from tfscale.opening import Opening

console = Console(
    Opening(study, results, models), workflow.pathvars.apply("<logs>"), call
)


onstart:
    console.open(workflow)


onsuccess:
    console.end(well=True)


onerror:
    console.end(well=False)
