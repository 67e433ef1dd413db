"""Room of the tasks: thin `@task` functions, one module per kind of SOP step."""
