# SPDX-License-Identifier: GPL-2.0-or-later
# Reduces the CSV of all rounds to one line per measurement, with the medians.

BEGIN {
	FS = OFS = ","
}

NR == 1 {
	columns = NF
	sub(/^round,/, "")
	print
	next
}

{
	key = $2 OFS $3 OFS $4 OFS $5 OFS $6
	if (!(key in rounds))
		keys[++count] = key
	rounds[key]++
	for (column = 7; column <= columns; column++)
		values[key, column, rounds[key]] = $column
}

# For an even number of values, the lower of the middle two, so that it was measured.
function median(key, column,    n, i, j, value, sorted)
{
	n = rounds[key]
	for (i = 1; i <= n; i++) {
		value = values[key, column, i]
		for (j = i; j > 1 && sorted[j - 1] + 0 > value + 0; j--)
			sorted[j] = sorted[j - 1]
		sorted[j] = value
	}
	return sorted[int((n + 1) / 2)]
}

END {
	for (k = 1; k <= count; k++) {
		line = keys[k]
		for (column = 7; column <= columns; column++)
			line = line OFS median(keys[k], column)
		print line
	}
}
