"""Work logs that follow from attendance and scores, and the dashboard."""
