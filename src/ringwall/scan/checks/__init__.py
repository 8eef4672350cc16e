"""The checks: functions of a bench, a module a family. A check proves or refutes, with its control; it never guesses."""
