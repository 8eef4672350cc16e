"""The checks: functions of a bench, a module a family. Each proves or refutes, with its control; it never guesses."""
