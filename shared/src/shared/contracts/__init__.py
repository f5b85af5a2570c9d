"""Event contracts: one class per event, one module per producer; the class is the document."""
