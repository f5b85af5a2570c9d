"""The database under every service: engine, types, migrations."""
