"""Reads what an application is about to do, and tells where a request's value became structure instead of data.

Pure: a statement, a command, a path, an address, a template, and the values of the request. No I/O, no layer.
The idea is Su & Wassermann's ("The essence of command injection attacks in web applications", POPL 2006) as
sharpened by Ray & Ligatti ("Defining code-injection attacks", POPL 2012): input may be a value, never code.
"""
