"""What goes over the wire. JSON in snake_case, ids are UUIDs, times ISO 8601 in UTC."""
