# sql2c.awk - turn sql/query/*.sql into C.  Usage: awk -v out=h|c -f sql2c.awk FILES
# A statement starts at "-- name: x" and ends at the next one; it becomes q_x.  Its id is its
# place in q_all[]: a connection keeps one "is prepared" flag for each.  citus_x is the form of x for
# a Citus coordinator (sql/query/citus.sql); it has the parameters of x.
function flush()
{
	if (name == "")
		return
	if (text == "")
		fail("statement without text: " name)
	if (out == "h")
		printf "extern const struct db_stmt q_%s;\n", name
	else
		made[name] = sprintf("\t.name = \"%s\", .nargs = %d, .id = %d,\n\t.sql =\n%s", name, nargs, count, text)
	args[name] = nargs
	names[count + 0] = name
	all = all "\t&q_" name ",\n"
	count++
	name = text = ""
	nargs = 0
}

# Those that are pointed at come first.
function write(i,	name)
{
	for (i = 0; i < count; i++)
		if (names[i] ~ /^citus_/) {
			name = substr(names[i], 7)
			if (!(name in args) || args[name] != args[names[i]])
				fail(names[i] " is no form of a statement with as many parameters")
			printf "const struct db_stmt q_%s = {\n%s};\n\n", names[i], made[names[i]]
		}
	for (i = 0; i < count; i++)
		if (names[i] !~ /^citus_/)
			printf "const struct db_stmt q_%s = {\n%s%s};\n\n", names[i],
			    ("citus_" names[i]) in args ? "\t.sharded = &q_citus_" names[i] ",\n" : "", made[names[i]]
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
	if (!failed && out != "h")
		write()
	if (failed)
		exit 1
	if (out == "h")
		printf "\nextern const struct db_stmt *const q_all[];\t/* ends with NULL */\nenum { Q_COUNT = %d };\n\n#endif\n", count
	else
		printf "const struct db_stmt *const q_all[] = {\n%s\t0\n};\n", all
}
