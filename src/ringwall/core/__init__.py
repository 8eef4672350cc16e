"""The vocabulary and the one way through: values, verdicts, guards, plans, the judge and the Exchange.

Pure: standard library only, nothing of ours from other rooms, no sockets, files, clocks, threads or frameworks.
"""
