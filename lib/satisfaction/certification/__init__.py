"""Self-certification: the methods, on the installed libraries, against results of R.

``reference.json`` holds the results with the R call that made each; ``data`` the data sets they
were computed from; one module per family says how our methods give the same numbers.
"""
