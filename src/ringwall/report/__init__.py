"""Evidence by the lines of a framework: what this contract, runs and named tests back, and first what nothing backs.

It reads: the contract, the journal, the store, and the JSON of a drill and of a scan. It runs no attack, and judges no
organisation.
"""
