# sql2c.awk - turn sql/query/*.sql into C.  Usage: awk -v out=h|c -f sql2c.awk FILES
# A statement starts at "-- name: x" and ends at the next one; it becomes q_x.  Its id is its
# place in q_all[]: a connection keeps one "is prepared" flag for each.
function flush()
{
	if (name == "")
		return
	if (text == "")
		fail("statement without text: " name)
	if (out == "h")
		printf "extern const struct db_stmt q_%s;\n", name
	else
		printf "const struct db_stmt q_%s = {\n\t.name = \"%s\", .nargs = %d, .id = %d,\n\t.sql =\n%s};\n\n",
		    name, name, nargs, count, text
	all = all "\t&q_" name ",\n"
	count++
	name = text = ""
	nargs = 0
}

function fail(why)
{
	printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"
	failed = 1
	exit 1
}

BEGIN {
	print "/* made by scripts/sql2c.awk from sql/query; do not edit */"
	if (out == "h")
		print "#ifndef QUERIES_H\n#define QUERIES_H\n\n#include \"db.h\"\n"
	else
		print "#include \"queries.h\"\n"
}

/^-- name: / {
	flush()
	name = $3
	if (name !~ /^[a-z][a-z0-9_]*$/ || NF != 3)
		fail("bad statement name: " $0)
	if (name in seen)
		fail("second statement named " name)
	seen[name] = 1
	next
}

/^[ \t]*--/ || /^[ \t]*$/ { next }

{
	if (name == "")
		fail("SQL before the first -- name:")
	line = $0
	sub(/[ \t]+$/, "", line)
	gsub(/\\/, "\\\\", line)
	gsub(/"/, "\\\"", line)
	text = text "\t    \"" line "\\n\"\n"
	rest = $0
	while (match(rest, /\$[0-9]+/)) {
		n = substr(rest, RSTART + 1, RLENGTH - 1) + 0
		if (n > nargs)
			nargs = n
		rest = substr(rest, RSTART + RLENGTH)
	}
}

END {
	if (failed)
		exit 1
	flush()
	if (failed)
		exit 1
	if (out == "h")
		printf "\nextern const struct db_stmt *const q_all[];\t/* ends with NULL */\nenum { Q_COUNT = %d };\n\n#endif\n", count
	else
		printf "const struct db_stmt *const q_all[] = {\n%s\t0\n};\n", all
}
