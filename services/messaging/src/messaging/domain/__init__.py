"""The rules of messages: what Telegram takes, what becomes of a sending, who is linked."""
