"""Takes a list of statements and says of each what PostgreSQL's parser has against it, or null. JSON both ways."""

import json
import sys

from pglast.parser import ParseError, parse_sql


def verdict(statement):
    try:
        parse_sql(statement)
    except ParseError as error:
        return str(error.args[0])


json.dump([verdict(statement) for statement in json.load(sys.stdin)], sys.stdout)
