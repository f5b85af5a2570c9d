"""What people who run the suite see of it: metrics always, traces where they are turned on."""
