# pgbench.awk - a statement of sql/query as a script for pgbench.
#   awk -v name=inbox_page -v args='u# s# at last fetch' -v picks=20 -v table=bench.pick -f pgbench.awk FILE
# args says which variable each of $1, $2, … becomes.  The script looks up one row of table
# and runs the statement picks times; in the i-th run a variable x# is xi, out of that row.
/^-- name: / { wanted = $3 == name; next }
wanted && !/^[ \t]*--/ && NF { text = text $0 "\n" }

END {
	if (text == "") {
		print "pgbench.awk: no statement " name > "/dev/stderr"
		exit 1
	}
	count = split(args, arg, " ")
	print "\\set n random(1, 1000)"
	print "SELECT * FROM " table " WHERE n = :n \\gset"
	for (i = 1; i <= picks; i++) {
		print "\\set coin random(0, 1)"
		run = text
		for (j = 1; j <= count; j++) {
			variable = arg[j]
			sub(/#/, i, variable)
			gsub("\\$" j "::", ":" variable "::", run)
		}
		if (run ~ /\$[0-9]/) {
			print "pgbench.awk: a parameter of " name " has no variable" > "/dev/stderr"
			exit 1
		}
		printf "%s", run
	}
}
