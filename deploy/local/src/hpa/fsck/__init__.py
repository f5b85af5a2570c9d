"""`hpa fsck`: the promises of the suite, checked across its databases."""
