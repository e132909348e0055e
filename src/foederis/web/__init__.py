"""The server behind the page: an HTTP interface to runs, answers while dragging, and files, on this machine alone.

    foederis serve                          # or: uvicorn.run(create_app(Settings()))

`app` puts the parts together, `runs` keeps results and orders exact runs from the one process of `job`, `routes_*` hold
the endpoints, `limits` what is refused before it costs anything, `errors` the form in which everything is refused.
"""
