"""The room that knows all the others: it puts a wall together from a contract, and explains what it put."""
