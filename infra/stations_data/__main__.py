"""`python -m stations_data --number 60000 --seed octane --format csv > stations.csv`"""

import argparse
import sys

from stations_data.generate import write_csv, write_geojson

FORMATS = {"csv": write_csv, "geojson": write_geojson}


def main() -> None:
    parser = argparse.ArgumentParser(prog="stations_data", description=__doc__)
    parser.add_argument("--number", type=int, default=60_000)
    parser.add_argument("--seed", default="octane")
    parser.add_argument("--format", choices=FORMATS, default="csv")
    chosen = parser.parse_args()
    FORMATS[chosen.format](chosen.number, chosen.seed, sys.stdout)


if __name__ == "__main__":
    main()
