"""`octoplan` and `python -m octoplan`."""

from octoplan.cli import main

if __name__ == "__main__":
    main()
