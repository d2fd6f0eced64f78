"""Web search: a search engine asked, its pages fetched under guard, cut to passages, and ranked beside documents."""
