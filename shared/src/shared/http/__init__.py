"""HTTP in the words of Django REST Framework: parsing, errors, paging, middleware, documents."""
