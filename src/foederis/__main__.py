"""`python -m foederis`: the command line."""

from foederis.cli import main

if __name__ == "__main__":
    main()
