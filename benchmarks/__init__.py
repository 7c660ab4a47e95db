"""What is measured: sizes against the best known, and times as ratios within one run."""
