# figures.awk - what the torture tests have told of themselves, each below its name, and the sum of it.
function number(pattern, text) { return match($0, pattern) ? substr($0, RSTART, RLENGTH) + 0 : 0 }
function after(words) { return match($0, words " [0-9]+") ? substr($0, RSTART + length(words) + 1, RLENGTH) + 0 : 0 }
/^(✔|✖) / { name = $0 }
/^ℹ [a-z_]+ [0-9.]+$/ { next }	# how many tests there were
/^ℹ / {
	if (name != "")
		print name
	name = ""
	print
	requests += number("[0-9]+ requests in ")
	failed += number("[0-9]+ failed, ")
	writes += number("[0-9]+ writes looked for")
	streams += number("[0-9]+ streams")
	if (after("longest 503") > longest) longest = after("longest 503")
	if (/broken for/) { faults++; if (after("normal") > normal) normal = after("normal") }
}
END {
	printf "In all %d requests under load, %d of them failed with 503; the longest 503 took %d ms.\n", requests, failed, longest
	printf "%d faults of PostgreSQL, normal within %d ms; %d writes looked for; %d streams.\n", faults, normal, writes, streams
}
