"""Entry of every rule: logs, checks what is read, calls the function, lists what it wrote."""

from tfscale.jobs.log import logged

with logged(snakemake.log[0]):
    from tfscale.files import checksums
    from tfscale.jobs.entry import SHAPED, call, imported

    code, settings = snakemake.params.code, snakemake.params.settings
    params = dict(snakemake.params.items())
    shaped = {name: params[name] for name in SHAPED if name in params}
    made, sums = checksums.made(code, settings | shaped), snakemake.output.get("sums")
    checksums.check(snakemake.input, snakemake.input.get("sums", []))
    arguments = {
        "function": code["function"],
        "inputs": {name: value for name, value in snakemake.input.items() if name != "sums"},
        "outputs": {name: value for name, value in snakemake.output.items() if name != "sums"},
        "settings": {
            **settings,
            **{name: value for name, value in params.items() if name != "settings"},
            **{name: int(w) if w.isdecimal() else w for name, w in snakemake.wildcards.items()},
            "threads": snakemake.threads,
            "made": made,
        },
    }
    if code["by"]:  # a fresh process; named, not imported: it shapes no other rule's result
        result = imported(code["by"])("tfscale.jobs.entry:call", arguments)
    else:
        result = call(**arguments)
    if sums:
        checksums.write(snakemake.output, sums, made)
    if isinstance(result, str) and result:
        print(f"\nResult: {result}")
