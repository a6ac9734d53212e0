"""What a reader sees: charts, tables, cards and notes, each made from a Result."""
