"""How fast and how small octoplan is, as ratios to programs that people know; `python -m benchmarks` prints them."""
