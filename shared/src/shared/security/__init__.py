"""Who calls: access tokens, service tokens and the principal they prove."""
