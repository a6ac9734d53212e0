"""Pure statistics, one module per family; nothing here knows files, databases or languages."""
