"""Messages to students and their delivery over Telegram."""
