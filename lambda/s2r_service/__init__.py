"""The service: from a signed request to a validated manifest."""
