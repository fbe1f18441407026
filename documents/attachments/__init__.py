"""Files that belong to a customer: recognised by their content, sealed chunk by chunk, stored as GridFS."""
